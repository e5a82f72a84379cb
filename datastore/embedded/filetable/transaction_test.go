package filetable_test

import (
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// purse is an item of a second table.
type purse struct {
	Owner string `table:"owner,pk"`
	Money int    `table:"money"`
}

type purses interface {
	table.Getter[purse]
	table.Creator[purse]
	table.Putter[purse]
	table.Updater[purse]
	table.Deleter[purse]
	table.Checker
	table.Transactor
}

type paid interface {
	table.Putter[line]
	table.Creator[line]
	table.Querier[line]
}

// both are handles on two tables of a driver.
func both(driver *filetable.Driver) (purses, paid) {
	data := datastore.New([]datastore.Driver{driver}, nil)
	return datastore.Use[purses](function{}, table.New[purse](data, "purses")),
		datastore.Use[paid](function{}, table.New[line](data, "lines"))
}

func money(t testing.TB, p purses, owner string) int {
	t.Helper()
	got, err := p.Get(t.Context(), table.PK(owner))
	if err != nil && !errors.Is(err, datastore.ErrNotFound) {
		t.Fatalf("Get(%s): %v", owner, err)
	}
	return got.Money
}

// TestTransactNamespaces: one Data's tables have other clients than another one's, and
// another folder: a transaction is not on both.
func TestTransactNamespaces(t *testing.T) {
	t.Parallel()
	driver := filetable.In(t.TempDir(), nil)
	defer driver.Close()
	open := func(namespace string) purses {
		data := datastore.New([]datastore.Driver{driver}, &datastore.Options{Namespace: namespace})
		return datastore.Use[purses](function{}, table.New[purse](data, "purses"))
	}
	shop, bank := open("shop"), open("bank")
	err := shop.Transact(t.Context(), table.PutOp(shop, purse{"a", 1}), table.PutOp(bank, purse{"b", 1}))
	if !errors.Is(err, datastore.ErrDeclaration) || money(t, bank, "b") != 0 {
		t.Errorf("Transact on tables of two namespaces = %v, want %v", err, datastore.ErrDeclaration)
	}
}

// TestTransactTables: a transaction over two tables is done whole, and is still
// there after the folder is opened again.
func TestTransactTables(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	driver := filetable.In(dir, nil)
	p, l := both(driver)
	pay := func(amount, no int) error {
		return p.Transact(t.Context(),
			table.UpdateOp(p, table.PK("ann"), table.Changes(table.Add("money", -amount)), table.Ge("money", amount)),
			table.UpdateOp(p, table.PK("bob"), table.Changes(table.Add("money", amount)).OrCreate()),
			table.CreateOp(l, line{"paid", float64(no), ""}),
		)
	}
	if _, err := p.Create(t.Context(), purse{"ann", 10}); err != nil {
		t.Fatal(err)
	}
	if err := pay(7, 1); err != nil {
		t.Fatalf("Transact: %v", err)
	}
	err := pay(7, 2)
	partial, ok := errors.AsType[*datastore.PartialError](err)
	if !ok || !errors.Is(err, datastore.ErrConflict) || len(partial.Failed) != 1 || partial.Failed[0].Index != 0 {
		t.Errorf("Transact with too little money: error = %v, want operation 0 in conflict", err)
	}
	err = pay(1, 1)
	if partial, ok = errors.AsType[*datastore.PartialError](err); !ok || partial.Failed[0].Index != 2 ||
		!strings.HasPrefix(partial.Failed[0].Err.Error(), "table lines: create: conflict") {
		t.Errorf("Transact of a line that is there: error = %v, want operation 2 of table lines in conflict", err)
	}
	for range 2 {
		if ann, bob := money(t, p, "ann"), money(t, p, "bob"); ann != 3 || bob != 7 {
			t.Errorf("ann and bob have %d and %d, want 3 and 7", ann, bob)
		}
		page, err := l.Query(t.Context(), table.Query{Key: table.PK("paid")})
		if err != nil || len(page.Items) != 1 {
			t.Errorf("lines = %+v, %v, want one", page.Items, err)
		}
		if err := driver.Close(); err != nil {
			t.Fatal(err)
		}
		driver = filetable.In(dir, nil)
		p, l = both(driver)
	}
	driver.Close()
}

// TestTransactRace: transactions over the same tables in another order neither
// wait for each other for ever nor lose anything.
func TestTransactRace(t *testing.T) {
	t.Parallel()
	p, l := both(filetable.Memory())
	one := table.Changes(table.Add("money", 1)).OrCreate()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 25 {
				ops := []table.TxOp{table.UpdateOp(p, table.PK("ann"), one), table.CreateOp(l, line{"l", float64(100*i + j), ""})}
				if i%2 == 0 {
					ops[0], ops[1] = ops[1], ops[0]
				}
				if err := p.Transact(t.Context(), ops...); err != nil {
					t.Errorf("Transact: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if got := money(t, p, "ann"); got != 100 {
		t.Errorf("after 100 transactions ann has %d", got)
	}
}

// TestTransactCrash: a transaction that a process left half done is carried out by
// the next one, whatever of it is in the journals.
func TestTransactCrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	driver := filetable.In(dir, nil)
	p, l := both(driver)
	if _, err := p.Create(t.Context(), purse{"ann", 10}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Create(t.Context(), line{"paid", 1, ""}); err != nil {
		t.Fatal(err)
	}
	journals := []string{filepath.Join(dir, "table", "purses.journal"), filepath.Join(dir, "table", "lines.journal")}
	before := read(t, journals)
	if err := p.Transact(t.Context(), table.PutOp(p, purse{"ann", 3}), table.CreateOp(l, line{"paid", 2, ""})); err != nil {
		t.Fatal(err)
	}
	after := read(t, journals)
	if err := driver.Close(); err != nil {
		t.Fatal(err)
	}
	redo := redoOf(t, before, after)
	for name, state := range map[string][2]string{
		"nothing written":           {before[0], before[1]},
		"the first journal written": {after[0], before[1]},
		"a line cut off":            {before[0], after[1][:len(after[1])-5]},
		"all written":               {after[0], after[1]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			folder := filepath.Join(dir, "table")
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(folder, "purses.journal"), state[0])
			write(t, filepath.Join(folder, "lines.journal"), state[1])
			write(t, filepath.Join(folder, "transaction.redo"), redo)
			driver := filetable.In(dir, nil)
			defer driver.Close()
			p, l := both(driver)
			if got := money(t, p, "ann"); got != 3 {
				t.Errorf("ann has %d, want 3", got)
			}
			page, err := l.Query(t.Context(), table.Query{Key: table.PK("paid")})
			if err != nil || len(page.Items) != 2 {
				t.Errorf("lines = %+v, %v, want two", page.Items, err)
			}
			if _, err := os.Stat(filepath.Join(folder, "transaction.redo")); !os.IsNotExist(err) {
				t.Errorf("the file of the transaction is still there: %v", err)
			}
		})
	}
	t.Run("damaged", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		folder := filepath.Join(dir, "table")
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, damage := range []string{redo[1:], redo[:len(redo)-3], strings.Replace(redo, "purses", "../abc", 1)} {
			write(t, filepath.Join(folder, "transaction.redo"), damage)
			driver := filetable.In(dir, nil)
			p, _ := both(driver)
			_, err := p.Get(t.Context(), table.PK("ann"))
			if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "transaction.redo") {
				t.Errorf("Get beside a damaged transaction: error = %v, want %v naming the file", err, datastore.ErrUnavailable)
			}
			driver.Close()
		}
	})
}

func read(t testing.TB, paths []string) (texts [2]string) {
	t.Helper()
	for i, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(data)
	}
	return texts
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// redoOf is the file of the transaction that made one state of the journals of the
// other: its lines with the names of their tables.
func redoOf(t testing.TB, before, after [2]string) string {
	t.Helper()
	redo := ""
	for i, name := range []string{"purses", "lines"} {
		_, line, ok := strings.Cut(strings.TrimPrefix(after[i], before[i]), " ")
		if !ok {
			t.Fatalf("the journal of %s did not grow", name)
		}
		text := `{"of":"` + name + `",` + strings.TrimSuffix(line[1:], "\n")
		redo += fmt.Sprintf("%08x %s\n", crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)), text)
	}
	return redo
}

// TestTransactFails: if a journal cannot be written, nothing of a transaction is
// there, on disk neither.
func TestTransactFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	driver := filetable.In(dir, nil)
	p, l := both(driver)
	if _, err := p.Create(t.Context(), purse{"ann", 10}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Create(t.Context(), line{"paid", 1, ""}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "table", "lines.journal")
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	err := p.Transact(t.Context(), table.PutOp(p, purse{"ann", 3}), table.CreateOp(l, line{"paid", 2, ""}))
	if !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("Transact without a journal: error = %v, want %v", err, datastore.ErrUnavailable)
	}
	if got := money(t, p, "ann"); got != 10 {
		t.Errorf("after it ann has %d, want 10", got)
	}
	driver.Close()
	again := filetable.In(dir, nil)
	defer again.Close()
	if p, _ = both(again); money(t, p, "ann") != 10 {
		t.Errorf("after opening again ann has %d, want 10", money(t, p, "ann"))
	}
}

// TestTransactOtherDriver: a transaction cannot span drivers.
func TestTransactOtherDriver(t *testing.T) {
	t.Parallel()
	p, _ := both(filetable.Memory())
	_, l := both(filetable.Memory())
	err := p.Transact(t.Context(), table.PutOp(p, purse{"ann", 3}), table.CreateOp(l, line{"paid", 2, ""}))
	if !errors.Is(err, datastore.ErrDeclaration) || money(t, p, "ann") != 0 {
		t.Errorf("Transact over two drivers: error = %v, want %v", err, datastore.ErrDeclaration)
	}
}

// TestExpiryOnDisk: what has expired is gone when the journal is rewritten, and
// only that.
func TestExpiryOnDisk(t *testing.T) {
	t.Parallel()
	type session struct {
		ID      string    `table:"id,pk"`
		Text    string    `table:"text,index=byText.pk"`
		More    string    `table:"more"`
		Expires time.Time `table:"expires,ttl"`
	}
	dir, now := t.TempDir(), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	driver := filetable.In(dir, nil)
	defer driver.Close()
	store := table.New[session](datastore.New([]datastore.Driver{driver}, &datastore.Options{Now: func() time.Time { return now }}), "sessions")
	items := datastore.Use[table.Putter[session]](function{}, store)
	put := func(s session) {
		t.Helper()
		if _, err := items.Put(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	put(session{"over", "x", "", now.Add(time.Minute)})
	put(session{"not over", "x", "", now.Add(time.Hour)})
	now = now.Add(2 * time.Minute)
	for range 6 { // more than a megabyte of history
		put(session{"large", "", strings.Repeat("x", 300<<10), time.Time{}})
	}
	data, err := os.ReadFile(filepath.Join(dir, "table", "sessions.journal"))
	if err != nil || strings.Contains(string(data), `"over"`) || !strings.Contains(string(data), `"not over"`) {
		t.Errorf("the journal of %d bytes has what has expired, or has not what did not: %v", len(data), err)
	}
	byText := datastore.Use[table.Querier[session]](function{}, store.Via("byText"))
	page, err := byText.Query(t.Context(), table.Query{Key: table.PK("x")})
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != "not over" {
		t.Errorf("Query via byText = %+v, %v, want what is not over", page.Items, err)
	}
}
