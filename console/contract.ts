/** What a message to everyone looks like when it comes back from the server. */
export interface ChatMessage {
  /** The user's name. */
  readonly from: string;
  readonly text: string;
  /** When the server handled it. */
  readonly at: Date;
}

/** What this page and the server of `ninelives serve` say to each other. */
export interface ChatContract {
  readonly toServer: { readonly messages: { readonly chat: { readonly text: string } } };
  readonly toClient: { readonly messages: { readonly chat: unknown } };
}

/** Reads a payload of the type `chat`. @throws where it is none: the handler fails then, and the server is told so. */
export const readChat = (payload: unknown): ChatMessage => {
  const { from, text, at } = (payload ?? {}) as { readonly from?: unknown; readonly text?: unknown; readonly at?: unknown };
  const date = typeof at === 'string' || typeof at === 'number' ? new Date(at) : null;
  if (typeof from !== 'string' || typeof text !== 'string' || date === null || Number.isNaN(date.getTime()))
    throw new TypeError('A chat message is { from, text, at }: two strings and a time.');
  return { from, text, at: date };
};
