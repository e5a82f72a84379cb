package table_test

import (
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

func TestClock(t *testing.T) {
	t.Parallel()
	type item struct {
		ID string `table:"id,pk"`
	}
	at := time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	data := datatest.New(t, datatest.Now(func() time.Time { return at }))
	handle := datastore.Use[table.Getter[item]](&function{}, table.New[item](data, "items"))
	if got := table.Clock(handle)(); !got.Equal(at) {
		t.Errorf("the clock of a handle says %v, want %v", got, at)
	}
	double := struct{ table.Getter[item] }{handle}
	if got := table.Clock[item](double)(); time.Since(got) > time.Hour {
		t.Errorf("the clock of what is no handle says %v", got)
	}
}
