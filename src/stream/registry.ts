import { HandlerTable } from './handlers.js';
import { RequestTable } from './requests.js';

/** Everything that an app registered on a session: it stays while streams come and go. */
export class Registry {
  readonly messages = new HandlerTable();
  readonly requests = new RequestTable();
}
