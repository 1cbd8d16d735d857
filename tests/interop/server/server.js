// The peer: Express as its users write it, with a clock that the tests set. It prints its port, and
// ends when its standard input does.
'use strict';

// Before the packages take hold of it: all their dates come from here.
let now = 0;
globalThis.Date = class extends Date {
  constructor(...args) {
    super(...(args.length === 0 ? [now] : args));
  }

  static now() {
    return now;
  }
};

const cookieParser = require('cookie-parser');
const express = require('express');
const session = require('express-session');

const app = express();
app.use(cookieParser('a secret of the server'));

app.get('/clock/:milliseconds', (req, res) => {
  now = Number(req.params.milliseconds);
  res.end();
});

// What arrived: the header as it is, and as cookie-parser reads it.
app.get(['/echo', '/shop/echo'], (req, res) => {
  res.json({
    header: req.headers.cookie ?? '',
    cookies: req.cookies,
    signed: req.signedCookies,
  });
});

// A login with the defaults of express-session: a session cookie, HttpOnly.
const accounts = express.Router();
accounts.use(session({ secret: 'of the session', resave: false, saveUninitialized: false }));
accounts.post('/login', (req, res) => {
  req.session.regenerate(() => {
    req.session.user = 'ada';
    res.redirect('/accounts/me');
  });
});
accounts.get('/me', (req, res) => {
  res.status(req.session.user ? 200 : 401).send(req.session.user ?? 'nobody');
});
accounts.post('/logout', (req, res) => {
  req.session.destroy(() => {
    res.clearCookie('connect.sid');
    res.redirect('/accounts/me');
  });
});
app.use('/accounts', accounts);

// A session that lasts a minute from its last response.
const rolling = express.Router();
rolling.use(
  session({
    name: 'rolling',
    secret: 'of the rolling session',
    resave: false,
    saveUninitialized: false,
    rolling: true,
    cookie: { maxAge: 60_000 },
  }),
);
rolling.get('/count', (req, res) => {
  req.session.count = (req.session.count ?? 0) + 1;
  res.send(String(req.session.count));
});
app.use('/rolling', rolling);

app.get('/max-age', (req, res) => {
  res.cookie('minute', '1', { maxAge: 60_000 });
  res.cookie('less', '1', { maxAge: 59_999 });
  res.cookie('gone', '1', { maxAge: 0 });
  res.end();
});

app.get('/values', (req, res) => {
  res.cookie('signed', 'ada; admin=no', { signed: true });
  res.cookie('json', { items: [1, 'zwölf'], note: 'a=b; c, "d"' });
  res.cookie('both', { items: [2] }, { signed: true });
  res.cookie('quoted', '"as it is"'.replaceAll(' ', '_'), { encode: (value) => value });
  res.cookie('empty', '');
  res.end();
});

app.get('/shop/basket', (req, res) => {
  res.cookie('basket', '3', { path: '/shop' });
  res.end();
});
// What many forget: without the path it was set with, another cookie is cleared.
app.get('/shop/clear-wrongly', (req, res) => {
  res.clearCookie('basket');
  res.end();
});
app.get('/shop/clear', (req, res) => {
  res.clearCookie('basket', { path: '/shop' });
  res.end();
});

app.get('/secure', (req, res) => {
  res.cookie('secure', '1', { secure: true, sameSite: 'none' });
  res.cookie('__Host-secure', '1', { secure: true, path: '/' });
  res.end();
});

app.get('/fifty', (req, res) => {
  for (let number = 1; number <= 50; number += 1) {
    res.cookie(`n${number}`, `v${number}`);
  }
  res.end();
});

const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit()).resume();
