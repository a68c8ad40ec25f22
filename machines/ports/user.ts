import type { JsonObject } from './json.js';

/** Whether a user is there, and what they say about it. `online` is derived from active sessions, `status` is the user's own. */
export interface Presence {
  readonly status: string;
  readonly online: boolean;
}

/** A user, with the fields of ChatKitty's `CurrentUser` that concern sessions. */
export interface User {
  /** A positive integer, given by the store, never used again. */
  readonly id: number;
  /** The username: unique, 1 to 256 characters. */
  readonly name: string;
  readonly displayName: string;
  readonly displayPictureUrl: string | null;
  /** True until someone who was authenticated has used the name. */
  readonly isGuest: boolean;
  readonly presence: Presence;
  /** The app's own data. */
  readonly properties: JsonObject;
}

/** What an app may say about a user when it creates or admits one. What is left out stays as it is, or takes its default. */
export interface Profile {
  /** Default: the name. */
  readonly displayName?: string;
  /** Default: null. */
  readonly displayPictureUrl?: string | null;
  /** Default: {}. Replaces the former properties as a whole. */
  readonly properties?: JsonObject;
}
