import { test } from 'tap'
import { localStore } from '../../../lib/stores/local.js'

test('localStore — is what its options say — or throws at once', async t => {
  for (const options of [{ namespace: '' }, { path: 1 }, { socket: 'x' }, null, 'x']) {
    t.throws(() => localStore(options as object), { code: 'FST_BALANCE_OPTION' }, JSON.stringify(options))
  }
  t.throws(() => localStore({ path: `/${'x'.repeat(200)}` }), { code: 'FST_BALANCE_OPTION', message: /give a shorter option 'path'/ })
  const store = localStore({ path: '/nowhere/hub.sock' })
  t.teardown(() => store.close())
  t.equal(store.kind, 'local')
})
