/** The value below which a share of the values lies, between two values by interpolation. */
export function quantile (values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const below = Math.floor(at)
  const above = Math.ceil(at)
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below)
}

/** The middle of the values. */
export function median (values) {
  return quantile(values, 0.5)
}
