/** One figure beside its budget, and how both are written. Pure. */

export interface Row {
  readonly part: string;
  readonly what: string;
  /** Null where there is nothing to measure. */
  readonly figure: number | null;
  readonly unit: string;
  /** Null: told, not judged. */
  readonly budget: Budget | null;
  readonly isKept: boolean;
}

export type Budget = { readonly most: number } | { readonly least: number };

/** From here on, digits behind the point tell nothing. */
const WHOLE_FROM = 100;

/** At most two digits behind the point, and no more than tell something. */
export const number = (figure: number): string =>
  Number.isInteger(figure) || Math.abs(figure) >= WHOLE_FROM
    ? Math.round(figure).toLocaleString('en')
    : figure.toFixed(Math.abs(figure) < 10 ? 2 : 1);

const shown = (figure: number, unit: string): string => (unit === '' ? number(figure) : `${number(figure)} ${unit}`);

/** Empty where nothing was measured. */
export const figureText = ({ figure, unit }: Row): string => (figure === null ? '' : shown(figure, unit));

/** What is demanded of a figure; empty where nothing is. */
export const budgetText = ({ budget, unit }: Row): string =>
  budget === null ? '' : 'most' in budget ? `<= ${shown(budget.most, unit)}` : `>= ${shown(budget.least, unit)}`;
