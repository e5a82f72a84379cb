package tabletest

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// transactRules are also those of Check, which is a transaction of one.
var transactRules = []rule{
	{"all", "Transact does all of its operations", transactAll},
	{"none", "if one operation is refused none is done, and the error says which", transactNone},
	{"again", "what was done cannot be done again where that is a conflict", func(t *testing.T, open target) {
		if open.has(NoTransactions) {
			noTransactions(t, open)
			return
		}
		accounts := start[account](t, open)
		create := table.CreateOp(accounts, account{ID: "a"})
		if err := accounts.Transact(t.Context(), create); err != nil {
			t.Fatalf("Transact: %v", err)
		}
		err := accounts.Transact(t.Context(), create)
		wantError(t, "the same Transact again", err, datastore.ErrConflict)
		if got, err := accounts.Get(t.Context(), table.PK("a"), table.Consistent()); err != nil || got.Version != 1 {
			t.Errorf("Get = %+v, %v, want version 1", got, err)
		}
	}},
	{"check", "Check answers whether its conditions hold, and changes nothing", func(t *testing.T, open target) {
		notes := start[note](t, open)
		put(t, notes, note{"1", "a"})
		if open.has(NoTransactions) {
			noTransactions(t, open)
			return
		}
		if err := notes.Check(t.Context(), table.PK("1"), table.Eq("text", "a")); err != nil {
			t.Errorf("Check of what holds = %v, want nil", err)
		}
		err := notes.Check(t.Context(), table.PK("1"), table.Eq("text", "b"))
		wantError(t, "Check of what does not hold", err, datastore.ErrConflict)
		err = notes.Check(t.Context(), table.PK("2"), table.Exists("id"))
		wantError(t, "Check of no item", err, datastore.ErrConflict)
	}},
	{"many", "a transaction has up to 100 operations", func(t *testing.T, open target) {
		if open.has(NoTransactions) {
			noTransactions(t, open)
			return
		}
		notes := start[note](t, open)
		var ops []table.TxOp
		for i := range 100 {
			ops = append(ops, table.PutOp(notes, note{strconv.Itoa(i), ""}))
		}
		if err := notes.Transact(t.Context(), ops...); err != nil {
			t.Errorf("Transact of 100 = %v, want nil", err)
		}
		err := notes.Transact(t.Context(), append(ops, table.PutOp(notes, note{"100", ""}))...)
		wantError(t, "Transact of 101", err, datastore.ErrInvalid)
	}},
	{"wrong", "a transaction that DynamoDB would refuse is not sent", func(t *testing.T, open target) {
		notes := start[note](t, open)
		big := strings.Repeat("x", 390<<10)
		var large []table.TxOp
		for i := range 11 {
			large = append(large, table.PutOp(notes, note{strconv.Itoa(i), big}))
		}
		for name, c := range map[string]struct {
			ops  []table.TxOp
			want error
			text string
		}{
			"nothing":          {nil, datastore.ErrInvalid, "0 operations"},
			"the zero TxOp":    {[]table.TxOp{{}}, datastore.ErrInvalid, "operation 0"},
			"one item twice":   {[]table.TxOp{table.PutOp(notes, note{"1", ""}), table.DeleteOp(notes, table.PK("1"))}, datastore.ErrInvalid, "operation 1"},
			"an empty key":     {[]table.TxOp{table.PutOp(notes, note{"1", ""}), table.DeleteOp(notes, table.PK(""))}, datastore.ErrInvalid, "operation 1"},
			"an empty check":   {[]table.TxOp{table.CheckOp(notes, table.PK("1"))}, datastore.ErrInvalid, "operation 0"},
			"more than 4 MB":   {large, datastore.ErrTooLarge, "4194304"},
			"no handle of Use": {[]table.TxOp{table.CheckOp(fake{}, table.PK("1"), table.Exists("id"))}, datastore.ErrInvalid, "operation 0"},
		} {
			err := notes.Transact(t.Context(), c.ops...)
			wantError(t, "Transact with "+name, err, c.want)
			if err != nil && !strings.Contains(err.Error(), c.text) {
				t.Errorf("Transact with %s: error = %q, want it to say %q", name, err, c.text)
			}
		}
		err := notes.Check(t.Context(), table.PK("1"))
		wantError(t, "Check without a condition", err, datastore.ErrInvalid)
	}},
}

// fake is a Checker that is no handle.
type fake struct{ table.Checker }

// noTransactions asserts that the server has none: nothing is done.
func noTransactions(t testing.TB, open target) {
	t.Helper()
	notes := start[note](t, open)
	err := notes.Transact(t.Context(), table.PutOp(notes, note{"1", ""}))
	wantError(t, "Transact in a server without", err, datastore.ErrUnavailable)
	_, err = notes.Get(t.Context(), table.PK("1"), table.Consistent())
	wantError(t, "Get after it", err, datastore.ErrNotFound)
}

// some are an account, a line to delete, one to check and one to update.
func some(t testing.TB, open target) (all[account], all[line]) {
	t.Helper()
	accounts, lines := start[account](t, open), start[line](t, open)
	put(t, lines, line{"a", 1, "goes"}, line{"a", 2, "is checked"}, line{"a", 3, "is changed"})
	put(t, accounts, account{ID: "old", Balance: 1})
	return accounts, lines
}

func transactAll(t *testing.T, open target) {
	if open.has(NoTransactions) {
		noTransactions(t, open)
		return
	}
	accounts, lines := some(t, open)
	err := accounts.Transact(t.Context(),
		table.CreateOp(accounts, account{ID: "new", Balance: 5}),
		table.PutOp(accounts, account{ID: "old", Balance: 2, Version: 1}),
	)
	if err != nil {
		t.Fatalf("Transact: %v", err)
	}
	err = lines.Transact(t.Context(),
		table.DeleteOp(lines, table.PKSK("a", 1), table.Exists("text")),
		table.CheckOp(lines, table.PKSK("a", 2), table.Eq("text", "is checked")),
		table.UpdateOp(lines, table.PKSK("a", 3), table.Changes(table.SetTo("text", "changed"))),
		table.PutOp(lines, line{"a", 4, "new"}),
	)
	if err != nil {
		t.Fatalf("Transact: %v", err)
	}
	for id, want := range map[string]account{"new": {"new", 5, 1}, "old": {"old", 2, 2}} {
		if got, err := accounts.Get(t.Context(), table.PK(id), table.Consistent()); err != nil || got != want {
			t.Errorf("Get(%s) = %+v, %v, want %+v", id, got, err, want)
		}
	}
	got := ""
	for _, l := range queryAll(t, lines, table.Query{Key: table.PK("a"), Consistent: true}) {
		got += strconv.Itoa(l.No) + l.Text + " "
	}
	if want := "2is checked 3changed 4new "; got != want {
		t.Errorf("after Transact the lines are %q, want %q", got, want)
	}
}

func transactNone(t *testing.T, open target) {
	if open.has(NoTransactions) {
		noTransactions(t, open)
		return
	}
	_, lines := some(t, open)
	err := lines.Transact(t.Context(),
		table.PutOp(lines, line{"a", 9, "not put"}),
		table.CreateOp(lines, line{"a", 1, "is there"}),
		table.DeleteOp(lines, table.PKSK("a", 2)),
		table.UpdateOp(lines, table.PKSK("a", 7), table.Changes(table.SetTo("text", "x"))),
	)
	partial, ok := errors.AsType[*datastore.PartialError](err)
	if !ok || len(partial.Failed) != 2 || partial.Failed[0].Index != 1 || partial.Failed[1].Index != 3 {
		t.Fatalf("Transact: error = %v, want operations 1 and 3 refused", err)
	}
	wantError(t, "CreateOp of an existing key", partial.Failed[0].Err, datastore.ErrConflict)
	wantError(t, "UpdateOp of a missing item", partial.Failed[1].Err, datastore.ErrNotFound)
	if got := numbers(queryAll(t, lines, table.Query{Key: table.PK("a"), Consistent: true})); len(got) != 3 {
		t.Errorf("after a refused Transact there are lines %v, want 1, 2 and 3", got)
	}
}
