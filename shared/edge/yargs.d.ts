/** The part of yargs that `command-args.ts` uses: the package comes without types. */
declare module "yargs" {
  interface Parser {
    scriptName(name: string): Parser;
    command(line: string, describe: string, build: (parser: Parser) => Parser, run: () => undefined): Parser;
    positional(name: string, row: Readonly<Record<string, unknown>>): Parser;
    option(name: string, row: Readonly<Record<string, unknown>>): Parser;
    example(command: string, describe: string): Parser;
    epilogue(text: string): Parser;
    help(option: string, describe: string): Parser;
    version(enabled: false): Parser;
    locale(name: string): Parser;
    wrap(columns: number): Parser;
    strict(): Parser;
    exitProcess(enabled: boolean): Parser;
    parserConfiguration(settings: Readonly<Record<string, boolean>>): Parser;
    parse(
      words: readonly string[],
      done: (error: Error | null, values: Readonly<Record<string, unknown>>, output: string) => void,
    ): unknown;
  }
  const yargs: () => Parser;
  export { yargs as default };
}
