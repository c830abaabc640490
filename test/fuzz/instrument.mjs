// A plugin for esbuild that counts, in a bundle made for the fuzzer, how often each block of our programs is
// run: bodies of functions, branches, loops, cases, right sides of && || ??. A counter costs an increment, so
// that the fuzzer sees after every input where it led; V8's own coverage takes milliseconds to be asked for.
import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import ts from "typescript";

const COUNTERS = "__fuzzCounters";

export const instrument = {
  name: "instrument",
  setup(build) {
    let used = 0;
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const file = relative(".", path);
      if (!/^(shared|server|client)\//.test(file)) return undefined;
      const text = await readFile(path, "utf8");
      // No await between here and the end: blocks of one file have numbers that follow each other.
      const first = used;
      const { outputText } = ts.transpileModule(text, {
        fileName: path,
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
        transformers: { before: [(context) => (source) => counted(source, context, () => used++)] },
      });
      const head =
        `const ${COUNTERS} = (globalThis.${COUNTERS} ??= new Uint8Array(65536));` +
        `(globalThis.__fuzzFiles ??= []).push(${JSON.stringify({ file, first, count: used - first })});\n`;
      return { contents: head + outputText, loader: "js" };
    });
    build.onEnd(() => {
      if (used > 65536) throw new Error(`${used} blocks: there is room for 65536`);
    });
  },
};

function counted(source, context, next) {
  const { factory } = context;
  const increment = () =>
    factory.createPostfixIncrement(
      factory.createElementAccessExpression(
        factory.createIdentifier(COUNTERS),
        factory.createNumericLiteral(next()),
      ),
    );
  const statement = () => factory.createExpressionStatement(increment());
  const expression = (node) => factory.createParenthesizedExpression(factory.createComma(increment(), node));
  const block = (node) =>
    ts.isBlock(node)
      ? factory.updateBlock(node, [statement(), ...node.statements])
      : factory.createBlock([statement(), node], true);
  const isChoice = (kind) =>
    kind === ts.SyntaxKind.AmpersandAmpersandToken ||
    kind === ts.SyntaxKind.BarBarToken ||
    kind === ts.SyntaxKind.QuestionQuestionToken;

  const visit = (old) => {
    if (ts.isTypeNode(old) || ts.isInterfaceDeclaration(old) || ts.isTypeAliasDeclaration(old)) return old;
    const node = ts.visitEachChild(old, visit, context);
    if (ts.isFunctionDeclaration(node) && node.body)
      return factory.updateFunctionDeclaration(
        node,
        node.modifiers,
        node.asteriskToken,
        node.name,
        node.typeParameters,
        node.parameters,
        node.type,
        block(node.body),
      );
    if (ts.isMethodDeclaration(node) && node.body)
      return factory.updateMethodDeclaration(
        node,
        node.modifiers,
        node.asteriskToken,
        node.name,
        node.questionToken,
        node.typeParameters,
        node.parameters,
        node.type,
        block(node.body),
      );
    if (ts.isArrowFunction(node))
      return factory.updateArrowFunction(
        node,
        node.modifiers,
        node.typeParameters,
        node.parameters,
        node.type,
        node.equalsGreaterThanToken,
        ts.isBlock(node.body) ? block(node.body) : expression(node.body),
      );
    if (ts.isIfStatement(node))
      return factory.updateIfStatement(
        node,
        node.expression,
        block(node.thenStatement),
        node.elseStatement && block(node.elseStatement),
      );
    if (ts.isForStatement(node))
      return factory.updateForStatement(
        node,
        node.initializer,
        node.condition,
        node.incrementor,
        block(node.statement),
      );
    if (ts.isForOfStatement(node))
      return factory.updateForOfStatement(
        node,
        node.awaitModifier,
        node.initializer,
        node.expression,
        block(node.statement),
      );
    if (ts.isWhileStatement(node))
      return factory.updateWhileStatement(node, node.expression, block(node.statement));
    if (ts.isCaseClause(node))
      return factory.updateCaseClause(node, node.expression, [statement(), ...node.statements]);
    if (ts.isDefaultClause(node)) return factory.updateDefaultClause(node, [statement(), ...node.statements]);
    if (ts.isCatchClause(node))
      return factory.updateCatchClause(node, node.variableDeclaration, block(node.block));
    if (ts.isConditionalExpression(node))
      return factory.updateConditionalExpression(
        node,
        node.condition,
        node.questionToken,
        expression(node.whenTrue),
        node.colonToken,
        expression(node.whenFalse),
      );
    if (ts.isBinaryExpression(node) && isChoice(node.operatorToken.kind))
      return factory.updateBinaryExpression(node, node.left, node.operatorToken, expression(node.right));
    return node;
  };
  return ts.visitNode(source, visit);
}
