// Package faults breaks what is between a driver and its server, so that tests
// can hold every driver to the same promises: no call outlives its deadline, the
// first call after a freeze succeeds, a write whose answer was lost is not done
// twice, an answer that was cut short is an error. It is for tests alone.
//
//	proxy := faults.NewProxy(t, servers.URL(t, "TIERKIT_TEST_MOTO"))
//	bucket := open(t, proxy.URL())
//	...
//	proxy.LoseAnswer()
//	_, err := bucket.Put(ctx, "a", body) // carried out, but nobody says so
//
// The pieces:
//
//   - [Proxy] stands before a server of any protocol and ends, resets, swallows,
//     delays or cuts what passes.
//   - [Script] is an HTTP server, or an HTTP client's transport, that answers
//     what it was told to, in order.
//   - [Frozen] runs a client in a process of its own, stops that process, breaks
//     its connections and lets it go on, as happens to a sandbox between two
//     invocations.
//   - [Promises] is all of it for the operations of one driver: the test that every
//     driver of a server has.
//   - [NoGoroutines] fails a test that leaves goroutines behind.
package faults
