/**
 * How a field of a message is written. `NAME`: a message. `[NAME]`: several. `{NAME}`: a message of entries, each with its
 * name. `any`, `anys`: any JSON.
 */
export type FieldForm = string

/** Where a field of JSON is in a message. */
export type FieldFact = readonly [number: number, form: FieldForm]

/** A message: its fields by their names in JSON, and where those are whose names begin with `x-`. */
export interface MessageFacts {
  readonly fields: Readonly<Record<string, FieldFact>>
  readonly extensions: number | undefined
}

// Words of a parameter and of a schema that limit a value, by the number of the first.
function limits(first: number): Readonly<Record<string, FieldFact>> {
  const forms: readonly (readonly [string, FieldForm])[] = [
    ['default', 'any'],
    ['maximum', 'double'],
    ['exclusiveMaximum', 'flag'],
    ['minimum', 'double'],
    ['exclusiveMinimum', 'flag'],
    ['maxLength', 'count'],
    ['minLength', 'count'],
    ['pattern', 'text'],
    ['maxItems', 'count'],
    ['minItems', 'count'],
    ['uniqueItems', 'flag'],
    ['enum', 'anys'],
    ['multipleOf', 'double'],
  ]
  return Object.fromEntries(forms.map(([name, form], index) => [name, [first + index, form]]))
}

/** The messages of package openapi.v2 that our document needs (github.com/google/gnostic, openapiv2/OpenAPIv2.proto). */
export const MESSAGES: Readonly<Record<string, MessageFacts>> = {
  Document: {
    fields: {
      swagger: [1, 'text'],
      info: [2, 'Info'],
      definitions: [9, '{Schema}'],
      securityDefinitions: [13, '{SecurityDefinition}'],
    },
    extensions: 16,
  },
  Info: { fields: { title: [1, 'text'], version: [2, 'text'], description: [3, 'text'] }, extensions: 7 },
  SecurityDefinition: { fields: { apiKey: [2, 'ApiKey'] }, extensions: undefined },
  ApiKey: {
    fields: { type: [1, 'text'], name: [2, 'text'], in: [3, 'text'], description: [4, 'text'] },
    extensions: 5,
  },
  PathItem: {
    fields: {
      get: [2, 'Operation'],
      put: [3, 'Operation'],
      post: [4, 'Operation'],
      delete: [5, 'Operation'],
      options: [6, 'Operation'],
      head: [7, 'Operation'],
      patch: [8, 'Operation'],
      parameters: [9, 'parameters'],
    },
    extensions: 10,
  },
  Operation: {
    fields: {
      tags: [1, 'texts'],
      summary: [2, 'text'],
      description: [3, 'text'],
      operationId: [5, 'text'],
      produces: [6, 'texts'],
      consumes: [7, 'texts'],
      parameters: [8, 'parameters'],
      responses: [9, 'responses'],
      schemes: [10, 'texts'],
      deprecated: [11, 'flag'],
    },
    extensions: 13,
  },
  BodyParameter: {
    fields: {
      description: [1, 'text'],
      name: [2, 'text'],
      in: [3, 'text'],
      required: [4, 'flag'],
      schema: [5, 'Schema'],
    },
    extensions: 6,
  },
  QueryParameter: {
    fields: {
      required: [1, 'flag'],
      in: [2, 'text'],
      description: [3, 'text'],
      name: [4, 'text'],
      allowEmptyValue: [5, 'flag'],
      type: [6, 'text'],
      format: [7, 'text'],
      ...limits(10),
    },
    extensions: 23,
  },
  PathParameter: {
    fields: {
      required: [1, 'flag'],
      in: [2, 'text'],
      description: [3, 'text'],
      name: [4, 'text'],
      type: [5, 'text'],
      format: [6, 'text'],
      ...limits(9),
    },
    extensions: 22,
  },
  Response: { fields: { description: [1, 'text'], schema: [2, 'schemaItem'] }, extensions: 5 },
  Schema: {
    fields: {
      $ref: [1, 'text'],
      format: [2, 'text'],
      title: [3, 'text'],
      description: [4, 'text'],
      default: [5, 'any'],
      multipleOf: [6, 'double'],
      maximum: [7, 'double'],
      exclusiveMaximum: [8, 'flag'],
      minimum: [9, 'double'],
      exclusiveMinimum: [10, 'flag'],
      maxLength: [11, 'count'],
      minLength: [12, 'count'],
      pattern: [13, 'text'],
      maxItems: [14, 'count'],
      minItems: [15, 'count'],
      uniqueItems: [16, 'flag'],
      maxProperties: [17, 'count'],
      minProperties: [18, 'count'],
      required: [19, 'texts'],
      enum: [20, 'anys'],
      additionalProperties: [21, 'additional'],
      type: [22, 'type'],
      items: [23, 'items'],
      allOf: [24, '[Schema]'],
      properties: [25, '{Schema}'],
      readOnly: [27, 'flag'],
      example: [30, 'any'],
    },
    extensions: 31,
  },
}
