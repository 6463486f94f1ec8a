import { isRecord } from '../../rig/session-calls.ts';
import { newAjv } from './specification.ts';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

const text = { type: 'string', minLength: 1 };
const closed = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  patternProperties: { '^x-': true },
  additionalProperties: false,
});
const mapOf = (values: object, names = '.') => ({
  type: 'object',
  patternProperties: { [names]: values, '^x-': true },
  additionalProperties: false,
});
const ref = (name: string) => ({ $ref: `#/$defs/${name}` });

/** The objects of an OpenAPI 3.1 document that a served description can have, closed against misspelt fields. */
const DOCUMENT = {
  ...closed(
    {
      openapi: { type: 'string', pattern: '^3\\.1\\.\\d+$' },
      info: closed({ title: text, version: text, description: text, summary: text }, ['title', 'version']),
      servers: { type: 'array', items: closed({ url: text, description: text }, ['url']) },
      paths: mapOf(ref('pathItem'), '^/'),
      components: closed({
        schemas: mapOf(ref('schema'), '^[\\w.-]+$'),
        securitySchemes: mapOf(ref('securityScheme'), '^[\\w.-]+$'),
      }),
      tags: { type: 'array', items: closed({ name: text, description: text }, ['name']) },
      security: ref('security'),
    },
    ['openapi', 'info', 'paths'],
  ),
  $defs: {
    pathItem: closed({
      ...Object.fromEntries(METHODS.map((method) => [method, ref('operation')])),
      summary: text,
      parameters: { type: 'array', items: ref('parameter') },
    }),
    operation: closed(
      {
        summary: text,
        description: text,
        operationId: text,
        deprecated: { type: 'boolean' },
        tags: { type: 'array', items: text },
        parameters: { type: 'array', items: ref('parameter') },
        requestBody: closed({ description: text, required: { type: 'boolean' }, content: ref('content') }, [
          'content',
        ]),
        responses: { ...mapOf(ref('response'), '^([1-5](\\d\\d|XX)|default)$'), minProperties: 1 },
        security: ref('security'),
      },
      ['responses', 'summary', 'tags'],
    ),
    parameter: closed(
      {
        name: text,
        in: { enum: ['query', 'header', 'path', 'cookie'] },
        description: text,
        required: { type: 'boolean' },
        schema: ref('schema'),
      },
      ['name', 'in', 'schema'],
    ),
    response: closed({ description: text, headers: mapOf({ type: 'object' }), content: ref('content') }, [
      'description',
    ]),
    content: mapOf(closed({ schema: ref('schema') }), '^[\\w.+*-]+/[\\w.+*-]+'),
    schema: { $ref: 'https://json-schema.org/draft/2020-12/schema' },
    security: { type: 'array', items: mapOf({ type: 'array', items: text }) },
    securityScheme: {
      oneOf: [
        closed(
          {
            type: { const: 'apiKey' },
            in: { enum: ['query', 'header', 'cookie'] },
            name: text,
            description: text,
          },
          ['type', 'in', 'name'],
        ),
        closed({ type: { const: 'http' }, scheme: text, bearerFormat: text, description: text }, [
          'type',
          'scheme',
        ]),
      ],
    },
  },
};

/** An operation of a document with where it stands. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export function operationsOf(document: unknown): readonly Operation[] {
  const paths = isRecord(document) && isRecord(document['paths']) ? document['paths'] : {};
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(isRecord(item) ? item : {}).flatMap(([method, value]) =>
      METHODS.includes(method) && isRecord(value) ? [{ method, path, value }] : [],
    ),
  );
}

/** Names of the parameters of an operation that come in one place. */
export function parametersOf(
  operation: Operation,
  place: string,
  { optional = false }: { optional?: boolean } = {},
): readonly string[] {
  const list: unknown = operation.value['parameters'];
  return (Array.isArray(list) ? list : []).flatMap((item: unknown) => {
    if (!isRecord(item) || item['in'] !== place) return [];
    return optional && item['required'] === true ? [] : [String(item['name'])];
  });
}

/** What is wrong with a document by the rules of OpenAPI 3.1; empty when nothing is. */
export function documentProblems(document: unknown): readonly string[] {
  const ajv = newAjv();
  const validate = ajv.compile(DOCUMENT);
  const shape = validate(document)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath}: ${message}`);
  return [
    ...shape,
    ...danglingRefs(document, document),
    ...operationsOf(document).flatMap(pathProblems(document)),
  ];
}

function danglingRefs(document: unknown, node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap((item) => danglingRefs(document, item));
  if (!isRecord(node)) return [];
  const target = node['$ref'];
  const dangling = typeof target === 'string' && resolve(document, target) === undefined;
  const inside = Object.values(node).flatMap((value) => danglingRefs(document, value));
  return dangling ? [`${target}: leads nowhere`, ...inside] : inside;
}

function resolve(document: unknown, pointer: string): unknown {
  if (!pointer.startsWith('#/')) return undefined;
  return pointer
    .slice(2)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((node, name) => (isRecord(node) ? node[name] : undefined), document);
}

/** Rules that a schema cannot state: path parameters, names of security schemes, an answer when all is well. */
function pathProblems(document: unknown) {
  const schemes = resolve(document, '#/components/securitySchemes');
  return (operation: Operation): string[] => {
    const { method, path, value } = operation;
    const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name).sort();
    const described = [...parametersOf(operation, 'path')].sort();
    const security: unknown = value['security'];
    const used = (Array.isArray(security) ? security : []).flatMap((item: unknown) =>
      isRecord(item) ? Object.keys(item) : [],
    );
    const responses = isRecord(value['responses']) ? Object.keys(value['responses']) : [];
    return [
      inPath.join() === described.join() ? '' : 'path and parameters differ',
      parametersOf(operation, 'path', { optional: true }).length === 0 ? '' : 'a path parameter is optional',
      used.every((name) => isRecord(schemes) && name in schemes) ? '' : 'unknown security scheme',
      responses.some((status) => /^2/.test(status)) ? '' : 'no answer for success',
    ].flatMap((problem) => (problem === '' ? [] : [`${method} ${path}: ${problem}`]));
  };
}
