package cache

import "time"

// Clock is the clock by which the values of a cache expire, that of the Data on which it
// was declared: for what computes a time of expiry and must not differ from it. It is
// time.Now for what is no handle of [datastore.Use], such as a double in a test.
//
// [datastore.Use]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore#Use
func Clock[H any](on H) func() time.Time {
	if h, ok := any(on).(interface{ accessOf() access }); ok {
		return h.accessOf().state.Data.Now
	}
	return time.Now
}

func (a access) accessOf() access { return a }
