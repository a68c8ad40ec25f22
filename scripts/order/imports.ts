/** What a source file imports, read from its syntax. Pure. */
import ts from 'typescript';

/** One import, export-from, `import()` or `import('x').T`. */
export interface Import {
  readonly specifier: string;
  /** Erased by the compiler. `import { type T } from 'x'` is not: it leaves `import 'x'` behind. */
  readonly typeOnly: boolean;
  /** Counted from 1. */
  readonly line: number;
}

/** All imports of a TypeScript text, in its order. */
export const readImports = (path: string, text: string): readonly Import[] => {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, false);
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    found.push({ specifier: specifier.text, typeOnly, line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1 });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node)) add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node, node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
};
