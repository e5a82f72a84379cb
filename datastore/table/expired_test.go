package table_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// counter is an item that expires.
type counter struct {
	ID      string    `table:"id,pk"`
	Hits    int       `table:"hits"`
	Expires time.Time `table:"expires,ttl"`
}

// racing lets another program write after each refusal of its writes.
type racing struct {
	*filetable.Driver
	refused func(table.Conn)
}

func (r *racing) OpenTable(ctx context.Context, data *datastore.Data, spec table.Spec) (table.Conn, error) {
	conn, err := r.Driver.OpenTable(ctx, data, spec)
	return &racingConn{conn, r}, err
}

type racingConn struct {
	table.Conn
	r *racing
}

func (c *racingConn) Update(ctx context.Context, w table.Write) (table.Attributes, error) {
	item, err := c.Conn.Update(ctx, w)
	if err != nil {
		c.r.refused(c.Conn)
	}
	return item, err
}

func (c *racingConn) Transact(ctx context.Context, tx table.Transaction) error {
	for i := range tx.Writes {
		tx.Writes[i].Conn = c.Conn
	}
	err := c.Conn.Transact(ctx, tx)
	for i := range tx.Writes {
		tx.Writes[i].Conn = c
	}
	if err != nil {
		c.r.refused(c.Conn)
	}
	return err
}

// TestRenewalRace: where another program was faster to make an expired item anew, the
// update is made of that one; where all of them are, it ends.
func TestRenewalRace(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	past, future := now.Add(-time.Hour), now.Add(time.Hour)
	type store interface {
		table.Updater[counter]
		table.Putter[counter]
		table.Getter[counter]
		table.Transactor
	}
	patch := table.Changes(table.Add("hits", 1), table.SetTo("expires", future)).OrCreate()
	for name, update := range map[string]func(context.Context, store) error{
		"Update": func(ctx context.Context, s store) error {
			_, err := s.Update(ctx, table.PK("a"), patch)
			return err
		},
		"Transact": func(ctx context.Context, s store) error {
			return s.Transact(ctx, table.UpdateOp(s, table.PK("a"), patch))
		},
	} {
		for _, c := range []struct {
			others func(time int) (expires time.Time)
			want   error
			hits   int
		}{
			{func(int) time.Time { return future }, nil, 11},
			{func(n int) time.Time { return past.Add(time.Duration(n) * time.Second) }, datastore.ErrConflict, 0},
		} {
			r := &racing{Driver: filetable.Memory()}
			data := datastore.New([]datastore.Driver{r}, &datastore.Options{Now: func() time.Time { return now }})
			items := datastore.Use[store](&function{}, table.New[counter](data, "counters"))
			if _, err := items.Put(t.Context(), counter{"a", 5, past}); err != nil {
				t.Fatal(err)
			}
			codec, err := table.NewCodec[counter]()
			if err != nil {
				t.Fatal(err)
			}
			times := 0
			r.refused = func(conn table.Conn) {
				times++
				item, err := codec.Encode(counter{"a", 10, c.others(times)})
				if err == nil {
					err = conn.Write(t.Context(), table.Write{Op: "Put", Key: table.Item{"id": item["id"]}, Item: item})
				}
				if err != nil {
					t.Error(err)
				}
			}
			if err := update(t.Context(), items); !errors.Is(err, c.want) {
				t.Errorf("%s: error = %v, want %v", name, err, c.want)
			}
			if got, err := items.Get(t.Context(), table.PK("a")); c.want == nil && (err != nil || got.Hits != c.hits) {
				t.Errorf("%s: Get = %+v, %v, want %d hits", name, got, err, c.hits)
			}
			if times > 6 {
				t.Errorf("%s: refused %d times, want an end", name, times)
			}
		}
	}
}

// TestRenewalTooWide: an expired item with more attributes than one update can take
// away is left as it is, and the error says what to do.
func TestRenewalTooWide(t *testing.T) {
	t.Parallel()
	driver := filetable.Memory()
	data := datastore.New([]datastore.Driver{driver}, nil)
	store := table.New[counter](data, "counters")
	items := datastore.Use[interface {
		table.Updater[counter]
		table.Transactor
	}](&function{}, store)
	spec := store.Spec().(table.Spec)
	conn, err := driver.OpenTable(t.Context(), data, spec)
	if err != nil {
		t.Fatal(err)
	}
	key := table.Item{"id": table.String("a")}
	wide := table.Item{"id": table.String("a"), "expires": table.Int(1)}
	for i := range 1000 {
		wide["n"+strconv.Itoa(i)] = table.Int(1)
	}
	if err := conn.Write(t.Context(), table.Write{Op: "Put", Key: key, Item: wide}); err != nil {
		t.Fatal(err)
	}
	patch := table.Changes(table.Add("hits", 1)).OrCreate()
	_, alone := items.Update(t.Context(), table.PK("a"), patch)
	for name, err := range map[string]error{"Update": alone, "Transact": items.Transact(t.Context(), table.UpdateOp(items, table.PK("a"), patch))} {
		if !errors.Is(err, datastore.ErrTooLarge) || !strings.Contains(err.Error(), "delete it first") {
			t.Errorf("%s: error = %v, want %v that says to delete it", name, err, datastore.ErrTooLarge)
		}
	}
	if stored, err := conn.Get(t.Context(), key, table.Read{}); err != nil || len(table.ItemOf(stored)) != len(wide) {
		t.Errorf("Get = %d attributes, %v, want %d", len(table.ItemOf(stored)), err, len(wide))
	}
}
