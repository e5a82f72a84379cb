package filetable_test

import (
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// TestExpire: an item whose time has come is deleted once, from the disk too, and who
// watches hears of it.
func TestExpire(t *testing.T) {
	t.Parallel()
	type session struct {
		ID    string    `table:"id,pk"`
		Until time.Time `table:"until,ttl"`
	}
	dir, now := t.TempDir(), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	// open is a driver as the next process has it, and what it tells of.
	open := func() (*filetable.Driver, table.Putter[session], *[]filetable.Change) {
		driver, told := filetable.In(dir, nil), new([]filetable.Change)
		driver.Watch(func(c filetable.Change) { *told = append(*told, c) })
		data := datastore.New([]datastore.Driver{driver}, &datastore.Options{Now: func() time.Time { return now }})
		put := datastore.Use[table.Putter[session]](function{}, table.New[session](data, "sessions"))
		return driver, put, told
	}
	keep := func(put table.Putter[session], id string, life time.Duration) {
		if _, err := put.Put(t.Context(), session{id, now.Add(life)}); err != nil {
			t.Fatal(err)
		}
	}
	driver, put, told := open()
	keep(put, "short", time.Hour)
	keep(put, "long", 5*time.Hour)
	if driver.Expire() || len(*told) != 2 {
		t.Errorf("before its time: told of %+v", *told)
	}
	now = now.Add(2 * time.Hour)
	if !driver.Expire() || driver.Expire() {
		t.Error("Expire does not delete exactly once")
	}
	if n := len(*told); n != 3 || !(*told)[2].Expired || (*told)[2].New != nil || (*told)[2].Old == nil {
		t.Errorf("told of %+v, want an item that expired", *told)
	}
	if err := driver.Close(); err != nil {
		t.Fatal(err)
	}
	if driver.Expire() {
		t.Error("Expire of a closed driver deletes")
	}
	driver, put, told = open()
	keep(put, "other", 5*time.Hour) // opens the table
	if driver.Expire() || len(*told) != 1 {
		t.Errorf("in the next process: told of %+v, want the new item alone", *told)
	}
	if err := driver.Close(); err != nil {
		t.Fatal(err)
	}
}
