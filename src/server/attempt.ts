import type { RequestInfo } from '../../machines/ports/authenticator.js';
import type { HelloFields, StartFields } from '../wire/frames.js';
import { type AdmissionRequest, hashOfToken } from './admission.js';

/** A start that is being decided, with the hello that it belongs to. */
export class StartAttempt implements AdmissionRequest {
  readonly hello: HelloFields;
  readonly start: StartFields;
  readonly request: RequestInfo;
  readonly tokenHash: string;
  #controller: AbortController | null = null;
  #isAbandoned = false;

  constructor(hello: HelloFields, start: StartFields, request: RequestInfo) {
    this.hello = hello;
    this.start = start;
    this.request = request;
    this.tokenHash = hashOfToken(start.token, hello.key);
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** Made when somebody wants to know: what the server decides by itself it decides at once. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isAbandoned) this.#controller.abort();
    return this.#controller.signal;
  }

  /** Nobody waits for the verdict any more. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#controller?.abort();
  }
}
