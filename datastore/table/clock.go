package table

import "time"

// Clock is the clock by which the items of a table expire, that of the Data on which
// it was declared: for what computes a time of expiry and must not differ from it. It
// is time.Now for what is no handle of [datastore.Use], such as a double in a test.
//
// [datastore.Use]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore#Use
func Clock[T any](on Getter[T]) func() time.Time {
	if h, ok := on.(accessor); ok {
		return h.accessOf().Data.Now
	}
	return time.Now
}
