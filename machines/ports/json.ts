/** A value that JSON carries unchanged: what payloads, properties and authParams consist of. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}
