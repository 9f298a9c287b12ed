// What a customer has to pay for what is handed over, as the server bills it: see domain/invoices.py.
export const ROUNDING = 1; // people pay whole units

const cents = (value) => Math.round((value + Number.EPSILON) * 100) / 100;

export function lineValue(line, pieces) {
  const discount = line.ordered ? (line.discount_value * pieces) / line.ordered : 0;
  return cents(Math.max(0, line.price * pieces - discount) * (1 + line.tax_pct / 100));
}

export const shown = (value) => value.toLocaleString([], { minimumFractionDigits: 2, maximumFractionDigits: 2 });
