/**
 * fp-ts' `Either` and `TaskEither`, as types only: a port may not import fp-ts, and needs none of its code. The shapes are the
 * same, so values of one are values of the other.
 */
export type Either<E, A> = { readonly _tag: 'Left'; readonly left: E } | { readonly _tag: 'Right'; readonly right: A };

/** Work that is begun by calling it and never rejects. */
export type TaskEither<E, A> = () => Promise<Either<E, A>>;
