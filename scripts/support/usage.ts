/** The exit code of a command that was asked for what it does not have. */
const USAGE = 2;

/** Says what is wrong with a command's options, then how it is used, and ends it. */
export type Usage = (problem: string) => never;

export const usageOf =
  (help: string): Usage =>
  (problem) => {
    process.stderr.write(`${problem}\n\n${help}`);
    process.exit(USAGE);
  };

/** What `parse` makes of the command line; an option that there is not ends the command. */
export const optionsOr = <Options>(usage: Usage, parse: () => Options): Options => {
  try {
    return parse();
  } catch (error) {
    return usage((error as Error).message);
  }
};
