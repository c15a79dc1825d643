/**
 * The child's side of `processes.js`: says that it is ready and answers the calls of the parent with the functions of `table`.
 * Ends the process, after `table.close()`, when the parent is gone.
 */
export function answer (table) {
  process.on('message', async ({ call, name, argument }) => {
    try {
      process.send({ call, result: await table[name](argument) })
    } catch (error) {
      process.send({ call, error: error.stack })
    }
  })
  process.once('disconnect', async () => {
    await table.close?.()
    process.exit()
  })
  process.send({ call: 0 })
}
