package tabletest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// session is an item that expires.
type session struct {
	User    string    `table:"user,pk"`
	No      int       `table:"no,sk"`
	Hits    int       `table:"hits"`
	Expires time.Time `table:"expires,ttl"`
	Version int       `table:"version,version"`
}

var (
	past   = time.Now().Add(-time.Hour).Truncate(time.Second).UTC()
	future = time.Now().Add(time.Hour).Truncate(time.Second).UTC()
)

// sessions are one that is over, one that is not, and one that never is.
func sessions(t testing.TB, open target) all[session] {
	t.Helper()
	items := start[session](t, open)
	put(t, items, session{"u", 1, 1, past, 0}, session{"u", 2, 1, future, 0}, session{"u", 3, 1, time.Time{}, 0})
	return items
}

var ttlRules = []rule{
	{"reads", "an item that has expired is not there for any read, whether it was deleted yet or not", func(t *testing.T, open target) {
		items := sessions(t, open)
		_, err := items.Get(t.Context(), table.PKSK("u", 1))
		wantError(t, "Get of what has expired", err, datastore.ErrNotFound)
		want := []session{{"u", 2, 1, future, 1}, {"u", 3, 1, time.Time{}, 1}}
		got, err := items.GetMany(t.Context(), []table.Key{table.PKSK("u", 1), table.PKSK("u", 2), table.PKSK("u", 3)})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("GetMany: error = %v, (-want +got):\n%s", err, diff)
		}
		if diff := cmp.Diff(want, queryAll(t, items, table.Query{Key: table.PK("u")})); diff != "" {
			t.Errorf("Query (-want +got):\n%s", diff)
		}
		page, err := items.Scan(t.Context(), table.Scan{})
		if err != nil || len(page.Items) != 2 {
			t.Errorf("Scan = %+v, %v, want two sessions", page, err)
		}
	}},
	{"writes", "an item that has expired can be created again, and not updated", func(t *testing.T, open target) {
		items := sessions(t, open)
		_, err := items.Update(t.Context(), table.PKSK("u", 1), table.Changes(table.Add("hits", 1)))
		wantError(t, "Update of what has expired", err, datastore.ErrNotFound)
		if got, err := items.Create(t.Context(), session{User: "u", No: 1, Hits: 5}); err != nil || got.Version != 1 {
			t.Errorf("Create over what has expired = %+v, %v, want version 1", got, err)
		}
		_, err = items.Create(t.Context(), session{User: "u", No: 2})
		wantError(t, "Create over what has not expired", err, datastore.ErrConflict)
		put(t, items, session{"v", 1, 1, past, 0})
		if got, err := items.Put(t.Context(), session{User: "v", No: 1}); err != nil || got.Version != 1 {
			t.Errorf("Put of version 0 over what has expired = %+v, %v, want version 1", got, err)
		}
	}},
	{"or create", "OrCreate makes an item that has expired anew", func(t *testing.T, open target) {
		items := sessions(t, open)
		p := table.Changes(table.Add("hits", 3), table.SetTo("expires", future)).OrCreate()
		for _, want := range []session{{"u", 1, 3, future, 1}, {"u", 1, 6, future, 2}} {
			got, err := items.Update(t.Context(), table.PKSK("u", 1), p)
			if err != nil || got != want {
				t.Errorf("Update or create = %+v, %v, want %+v", got, err, want)
			}
		}
	}},
	{"or create anew", "what another version of the program wrote into an item does not survive its expiry", orCreateAnew},
	{"or create in a transaction", "a transaction updates or creates an item that has expired as one that is not there", orCreateInTransaction},
	{"or create within bounds", "an item that has expired is not made anew of what its type cannot hold", func(t *testing.T, open target) {
		type seat struct {
			ID      string    `table:"id,pk"`
			Left    uint      `table:"left"`
			Expires time.Time `table:"expires,ttl"`
		}
		items := start[seat](t, open)
		put(t, items, seat{"a", 5, past})
		p := table.Changes(table.Add("left", -1), table.SetTo("expires", future)).OrCreate()
		for _, id := range []string{"a", "missing"} {
			_, err := items.Update(t.Context(), table.PK(id), p)
			wantError(t, "Update or create of "+id+", below zero", err, datastore.ErrConflict)
		}
	}},
	{"condition", "the time of expiry is compared and set as a time", func(t *testing.T, open target) {
		items := sessions(t, open)
		got, err := items.Update(t.Context(), table.PKSK("u", 2), table.Changes(table.SetTo("expires", future.Add(time.Minute))), table.Eq("expires", future))
		if err != nil || !got.Expires.Equal(future.Add(time.Minute)) {
			t.Errorf("Update = %+v, %v, want another minute", got, err)
		}
		list := queryAll(t, items, table.Query{Key: table.PK("u"), Filter: table.Gt("expires", future)})
		if len(list) != 1 || list[0].No != 2 {
			t.Errorf("Query of what expires later = %+v, want session 2", list)
		}
	}},
}

// nextSession is session as another version of the program has it.
type nextSession struct {
	User    string    `table:"user,pk"`
	No      int       `table:"no,sk"`
	Hits    int       `table:"hits"`
	Expires time.Time `table:"expires,ttl"`
	Version int       `table:"version,version"`
	Agent   string    `table:"agent"`
}

func orCreateAnew(t *testing.T, open target) {
	items, next := startTwo[session, nextSession](t, open)
	put(t, next, nextSession{"u", 1, 1, past, 0, "an agent"}, nextSession{"u", 2, 1, past, 0, "an agent"})
	p := table.Changes(table.Add("hits", 3), table.SetTo("expires", future)).OrCreate()
	if _, err := items.Update(t.Context(), table.PKSK("u", 1), p); err != nil {
		t.Fatalf("Update or create: %v", err)
	}
	want := nextSession{"u", 1, 3, future, 1, ""}
	if open.has(NoOldItem) {
		want.Agent = "an agent"
	}
	if got, err := next.Get(t.Context(), table.PKSK("u", 1), table.Consistent()); err != nil || got != want {
		t.Errorf("Get of what was made anew = %+v, %v, want %+v", got, err, want)
	}
	if open.has(NoTransactions) {
		return
	}
	if err := items.Transact(t.Context(), table.UpdateOp(items, table.PKSK("u", 2), p)); err != nil {
		t.Fatalf("Transact of update or create: %v", err)
	}
	want = nextSession{"u", 2, 3, future, 1, ""}
	if got, err := next.Get(t.Context(), table.PKSK("u", 2), table.Consistent()); err != nil || got != want {
		t.Errorf("Get of what a transaction made anew = %+v, %v, want %+v", got, err, want)
	}
}

func orCreateInTransaction(t *testing.T, open target) {
	if open.has(NoTransactions) {
		noTransactions(t, open)
		return
	}
	items := sessions(t, open)
	p := table.Changes(table.Add("hits", 3), table.SetTo("expires", future)).OrCreate()
	update := func(no int, conds ...table.Cond) table.TxOp {
		return table.UpdateOp(items, table.PKSK("u", no), p, conds...)
	}
	get := func(no int) session {
		got, err := items.Get(t.Context(), table.PKSK("u", no), table.Consistent())
		if err != nil && !errors.Is(err, datastore.ErrNotFound) {
			t.Fatalf("Get: %v", err)
		}
		return got
	}
	// Others are refused for what is theirs; nothing is written then.
	err := items.Transact(t.Context(), update(1), table.CreateOp(items, session{User: "u", No: 2}), update(3, table.Eq("hits", 9)))
	var partial *datastore.PartialError
	if !errors.As(err, &partial) || len(partial.Failed) != 2 || partial.Failed[0].Index != 1 || partial.Failed[1].Index != 2 {
		t.Errorf("Transact whose other operations are conflicts: error = %v, want operations 1 and 2", err)
	}
	err = items.Transact(t.Context(), update(1, table.Exists("hits")))
	wantError(t, "Transact of an update that would not create", err, datastore.ErrConflict)
	if got := get(1); got != (session{}) {
		t.Errorf("Get after refusals = %+v, want nothing", got)
	}
	for _, hits := range []int{3, 6} {
		if err := items.Transact(t.Context(), update(1), update(9), table.DeleteOp(items, table.PKSK("u", 2))); err != nil {
			t.Fatalf("Transact: %v", err)
		}
		for _, no := range []int{1, 9} {
			if got, want := get(no), (session{"u", no, hits, future, hits / 3}); got != want {
				t.Errorf("Get = %+v, want %+v", got, want)
			}
		}
	}
}
