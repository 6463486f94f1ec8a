import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { isRecord } from '../../rig/session-calls.ts';

type Schema = Record<string, unknown>;
/** One OpenAPI document as it was published. */
export type Specification = 'sessions' | 'discovery';

/** Where earshot answers otherwise than the published schema says, and why. */
export interface Deviation {
  readonly name: string;
  readonly schemas: readonly string[];
  readonly why: string;
  readonly relax: (schema: Schema) => void;
}

const properties = (schema: Schema): Schema => {
  const found = schema['properties'];
  if (!isRecord(found)) throw new Error('the schema has no properties');
  return found;
};

const property = (schema: Schema, name: string): Schema => {
  const found = properties(schema)[name];
  if (!isRecord(found)) throw new Error(`the schema has no property ${name}`);
  return found;
};

/** The whole list. Everything else in an answer is held to the specification as published. */
export const DEVIATIONS: readonly Deviation[] = [
  {
    name: 'recording',
    schemas: ['SessionProcessingResponse'],
    why: 'The lifecycle chapter has the status "recording" between the first audio and End; the schema forgot it.',
    relax: (schema) => {
      const status = property(schema, 'status');
      status['enum'] = [...(Array.isArray(status['enum']) ? status['enum'] : []), 'recording'];
    },
  },
  {
    name: 'template list',
    schemas: ['SessionCompletedResponse', 'SessionPartialResponse'],
    why: 'Published clients read a list of single-key objects. With an MSA-Version header the map of the schema comes.',
    relax: (schema) => {
      const map = property(schema, 'templates');
      properties(schema)['templates'] = {
        type: 'array',
        items: { ...map, minProperties: 1, maxProperties: 1 },
      };
    },
  },
  {
    name: 'client session id',
    schemas: [
      'CreateSessionResponse',
      'SessionProcessingResponse',
      'SessionCompletedResponse',
      'SessionPartialResponse',
      'EndSessionResponse',
      'ExpiredSessionResponse',
    ],
    why: 'Clients may bring ids of 16 to 64 characters; the examples of the specification break its own pattern.',
    relax: (schema) => {
      properties(schema)['session_id'] = { type: 'string', pattern: '^[A-Za-z0-9_-]{16,64}$' };
    },
  },
];

const read = (name: Specification): Schema => {
  const url = new URL(`../spec/medscribealliance-${name}.openapi.json`, import.meta.url);
  const document: unknown = JSON.parse(readFileSync(url, 'utf8'));
  if (!isRecord(document)) throw new Error(`${name} is no OpenAPI document`);
  return document;
};

function componentSchemas(document: Schema): Schema {
  const { components } = document as { components?: unknown };
  const schemas = isRecord(components) ? components['schemas'] : undefined;
  if (!isRecord(schemas)) throw new Error('the document has no schemas');
  return schemas;
}

/** A published schema by name, for looking into it. */
export function publishedSchema(specification: Specification, name: string): Schema {
  const schema = componentSchemas(read(specification))[name];
  if (!isRecord(schema)) throw new Error(`${specification} has no schema ${name}`);
  return schema;
}

/** Compiles a published schema in the dialect of OpenAPI 3.1, with the named deviations and no other. */
export function compileSchema(
  specification: Specification,
  name: string,
  deviations: readonly string[] = [],
): ValidateFunction {
  const document = read(specification);
  for (const wanted of deviations) {
    const deviation = DEVIATIONS.find((each) => each.name === wanted);
    const schema = componentSchemas(document)[name];
    if (deviation?.schemas.includes(name) !== true || !isRecord(schema)) {
      throw new Error(`no deviation "${wanted}" of ${name} is listed`);
    }
    deviation.relax(schema);
  }
  const ajv = newAjv();
  ajv.addSchema({ $id: specification, ...document });
  return ajv.compile({ $ref: `${specification}#/components/schemas/${name}` });
}

/** JSON Schema 2020-12 with formats; keywords of OpenAPI, such as `example`, are let pass. */
export function newAjv(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv;
}
