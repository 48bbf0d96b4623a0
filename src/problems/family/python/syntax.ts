// The syntax tree of the small part of Python that the family's programs are written in.

export type Expression =
  | { readonly kind: "constant"; readonly value: number | string | boolean | null }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "list" | "tuple"; readonly items: readonly Expression[] }
  | { readonly kind: "dict"; readonly entries: ReadonlyArray<readonly [Expression, Expression]> }
  | Comprehension
  | { readonly kind: "unary"; readonly operator: string; readonly operand: Expression }
  | { readonly kind: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: "conditional";
      readonly test: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  | { readonly kind: "index"; readonly object: Expression; readonly index: Expression }
  | { readonly kind: "slice"; readonly object: Expression; readonly bounds: ReadonlyArray<Expression | undefined> }
  | {
      readonly kind: "call";
      /** The receiver of a method call. */
      readonly object?: Expression;
      readonly name: string;
      readonly arguments: ReadonlyArray<{ readonly star: boolean; readonly value: Expression }>;
      readonly keywords: Readonly<Record<string, Expression>>;
    };

export interface Comprehension {
  readonly kind: "comprehension";
  readonly of: "list" | "dict" | "generator";
  /** Only of a dict. */
  readonly key?: Expression;
  readonly element: Expression;
  readonly targets: readonly string[];
  readonly source: Expression;
  readonly conditions: readonly Expression[];
}

export type Target =
  | { readonly names: readonly string[] }
  | { readonly object: Expression; readonly index: Expression };

export type Statement =
  | { readonly kind: "assign"; readonly target: Target; readonly value: Expression }
  | { readonly kind: "augment"; readonly target: Target; readonly operator: string; readonly value: Expression }
  | { readonly kind: "expression"; readonly value: Expression }
  | {
      readonly kind: "for";
      readonly targets: readonly string[];
      readonly source: Expression;
      readonly body: readonly Statement[];
    }
  | { readonly kind: "while"; readonly test: Expression; readonly body: readonly Statement[] }
  | {
      readonly kind: "if";
      readonly test: Expression;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | { readonly kind: "return"; readonly value: Expression | undefined }
  | {
      readonly kind: "def";
      readonly name: string;
      readonly parameters: readonly string[];
      readonly body: readonly Statement[];
    }
  | { readonly kind: "break" | "continue" | "pass" };

/** The program uses Python that the family does not write. */
export class UnsupportedPython extends Error {
  override readonly name = "UnsupportedPython";
}
