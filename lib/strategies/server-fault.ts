/** Whether a status says that the node has failed: a 5xx, but for 501 and 505, which say something about the request. */
export function isServerFault (statusCode: number): boolean {
  return statusCode >= 500 && statusCode !== 501 && statusCode !== 505
}
