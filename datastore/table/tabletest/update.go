package tabletest

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// conflict is what an update answers whose condition does not hold of an item that
// is there.
func (t target) conflict() error {
	if t.has(NoOldItem) {
		return datastore.ErrNotFound
	}
	return datastore.ErrConflict
}

var updateRules = []rule{
	{"changes", "Update changes what it is told, leaves the rest, and returns the new item", func(t *testing.T, open target) {
		samples := start[sample](t, open)
		put(t, samples, theSample())
		want := theSample()
		want.Text, want.Number = "changed", 12
		got, err := samples.Update(t.Context(), table.PKSK("s", 1), table.Changes(table.SetTo("Text", "changed"), table.Add("Number", 2)))
		if diff := cmp.Diff(want, sorted(got), exact()...); err != nil || diff != "" {
			t.Errorf("Update: error = %v, (-want +got):\n%s", err, diff)
		}
		got, err = samples.Get(t.Context(), table.PKSK("s", 1), table.Consistent())
		if diff := cmp.Diff(want, sorted(got), exact()...); err != nil || diff != "" {
			t.Errorf("Get after Update: error = %v, (-want +got):\n%s", err, diff)
		}
	}},
	{"missing", "Update of an item that is not there answers ErrNotFound and stores nothing", func(t *testing.T, open target) {
		lines := start[line](t, open)
		_, err := lines.Update(t.Context(), table.PKSK("a", 1), table.Changes(table.SetTo("text", "x")))
		wantError(t, "Update of a missing item", err, datastore.ErrNotFound)
		_, err = lines.Get(t.Context(), table.PKSK("a", 1), table.Consistent())
		wantError(t, "Get after it", err, datastore.ErrNotFound)
	}},
	{"or create", "OrCreate makes the item of its key and the changes; one that is there is changed", func(t *testing.T, open target) {
		accounts := start[account](t, open)
		p := table.Changes(table.Add("balance", 5)).OrCreate()
		for i, want := range []account{{"a", 5, 1}, {"a", 10, 2}} {
			got, err := accounts.Update(t.Context(), table.PK("a"), p)
			if err != nil || got != want {
				t.Errorf("Update %d = %+v, %v, want %+v", i, got, err, want)
			}
		}
		_, err := accounts.Update(t.Context(), table.PK("b"), p, table.Ge("balance", 1))
		wantError(t, "Update or create under a condition that no item satisfies", err, datastore.ErrConflict)
	}},
	{"condition", "Update happens only if its conditions hold of the stored item", func(t *testing.T, open target) {
		notes := start[note](t, open)
		put(t, notes, note{"1", "a"})
		_, err := notes.Update(t.Context(), table.PK("1"), table.Changes(table.SetTo("text", "c")), table.Eq("text", "b"))
		wantError(t, "Update if the text is another", err, open.conflict())
		got, err := notes.Update(t.Context(), table.PK("1"), table.Changes(table.SetTo("text", "c")), table.Eq("text", "a"))
		if err != nil || got.Text != "c" {
			t.Errorf("Update if the text is that = %+v, %v, want text c", got, err)
		}
	}},
	{"version", "Update counts the version up, so that a Put of the version before is refused", func(t *testing.T, open target) {
		accounts := start[account](t, open)
		first, err := accounts.Create(t.Context(), account{ID: "a", Balance: 1})
		if err != nil {
			t.Fatal(err)
		}
		got, err := accounts.Update(t.Context(), table.PK("a"), table.Changes(table.Add("balance", 1)))
		if want := (account{"a", 2, 2}); err != nil || got != want {
			t.Errorf("Update = %+v, %v, want %+v", got, err, want)
		}
		_, err = accounts.Put(t.Context(), first)
		wantError(t, "Put of the version before the Update", err, datastore.ErrConflict)
		_, err = accounts.Update(t.Context(), table.PK("a"), table.Changes(table.Add("balance", 1)), table.Eq("version", 1))
		wantError(t, "Update if the version is the one before", err, open.conflict())
		if got, err = accounts.Update(t.Context(), table.PK("a"), table.Patch{}, table.Eq("version", 2)); err != nil || got != (account{"a", 2, 3}) {
			t.Errorf("Update that changes nothing = %+v, %v, want balance 2 and version 3", got, err)
		}
	}},
	{"race", "of many Adds none is lost", func(t *testing.T, open target) {
		accounts := start[account](t, open)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 5 {
					if _, err := accounts.Update(t.Context(), table.PK("a"), table.Changes(table.Add("balance", 1)).OrCreate()); err != nil {
						t.Errorf("Update in a race: %v", err)
					}
				}
			})
		}
		wg.Wait()
		got, err := accounts.Get(t.Context(), table.PK("a"), table.Consistent())
		if want := (account{"a", 20, 20}); err != nil || got != want {
			t.Errorf("after 20 Adds: %+v, %v, want %+v", got, err, want)
		}
	}},
	{"patch", "a patch of a struct changes what is given, and removes what is null", updatePatch},
	{"too large", "an item that would get too large is refused and stays", func(t *testing.T, open target) {
		notes := start[note](t, open)
		put(t, notes, note{"1", "a"})
		_, err := notes.Update(t.Context(), table.PK("1"), table.Changes(table.SetTo("text", strings.Repeat("x", table.MaxItemSize))))
		wantError(t, "Update to over 400 KB", err, datastore.ErrTooLarge)
		if got, err := notes.Get(t.Context(), table.PK("1")); err != nil || got.Text != "a" {
			t.Errorf("Get after it = %d bytes, %v, want the old text", len(got.Text), err)
		}
	}},
	{"wrong patch", "a patch that the item type could not hold answers ErrInvalid and is not sent", func(t *testing.T, open target) {
		samples := start[sample](t, open)
		put(t, samples, theSample())
		for name, c := range map[string][]table.Change{
			"a misspelt attribute":    {table.SetTo("Txet", "x")},
			"a key":                   {table.SetTo("id", "x")},
			"a sort key":              {table.Add("part", 1)},
			"text for a number":       {table.SetTo("Number", "x")},
			"a fraction of an int":    {table.Add("Number", 0.5)},
			"a number for text":       {table.Add("Text", 1)},
			"an element for a text":   {table.Append("Text", "x")},
			"a text for a number set": {table.Include("Numbers", "x")},
			"a list for a set":        {table.Append("Texts", "x")},
			"nothing for a set":       {table.Include[string]("Texts")},
			"twice":                   {table.SetTo("Text", "x"), table.Remove("Text")},
			"the zero Change":         {{}},
			"the zero Value":          {table.SetTo("Raw", table.Value{})},
			"text that is not UTF-8":  {table.SetTo("Text", "\xff")},
		} {
			_, err := samples.Update(t.Context(), table.PKSK("s", 1), table.Changes(c...))
			wantError(t, "Update with "+name, err, datastore.ErrInvalid)
		}
		_, err := start[account](t, open).Update(t.Context(), table.PK("a"), table.Changes(table.Add("version", 1)))
		wantError(t, "Update of the version", err, datastore.ErrInvalid)
	}},
}

// sorted is a sample with its sets in order.
func sorted(s sample) sample {
	slices.Sort(s.Texts)
	slices.Sort(s.Numbers)
	return s
}

func updatePatch(t *testing.T, open target) {
	type patch struct {
		ID    string                 `path:"id" table:"-"`
		Text  *string                `json:"Text"`
		Yes   table.Optional[bool]   `json:"Yes"`
		Bytes table.Optional[[]byte] `json:"Bytes"`
		List  []int
		Texts []string `table:",set"`
		Null  *time.Time
	}
	samples := start[sample](t, open)
	put(t, samples, theSample())
	text := ""
	got, err := samples.Update(t.Context(), table.PKSK("s", 1), table.PatchOf(patch{
		Text: &text, Yes: table.Some(false), Bytes: table.None[[]byte](), List: []int{}, Texts: []string{},
	}))
	want := theSample()
	want.Text, want.Yes, want.Bytes, want.List, want.Texts = "", false, nil, []int{}, nil
	if diff := cmp.Diff(want, sorted(got), exact()...); err != nil || diff != "" {
		t.Errorf("Update by a struct: error = %v, (-want +got):\n%s", err, diff)
	}
	got, err = samples.Update(t.Context(), table.PKSK("s", 1), table.PatchOf(patch{}))
	if diff := cmp.Diff(want, sorted(got), exact()...); err != nil || diff != "" {
		t.Errorf("Update by an empty struct: error = %v, (-want +got):\n%s", err, diff)
	}
}

// changeCase is a change of one attribute of the sample, or of one that it has not.
type changeCase struct {
	name   string
	change table.Change
	want   func(*sample)
}

var changeCases = []changeCase{
	{"set", table.SetTo("Text", "x"), func(s *sample) { s.Text = "x" }},
	{"set bool", table.SetTo("Yes", false), func(s *sample) { s.Yes = false }},
	{"set bytes", table.SetTo("Bytes", []byte{0}), func(s *sample) { s.Bytes = []byte{0} }},
	{"set a whole list", table.SetTo("List", table.List(table.Int(7))), func(s *sample) { s.List = []int{7} }},
	{"set what is missing", table.SetTo("Missing", 7), func(s *sample) { s.Missing = seven() }},
	{"set if absent", table.SetIfAbsent("Missing", 7), func(s *sample) { s.Missing = seven() }},
	{"set if absent what is there", table.SetIfAbsent("Number", 7), func(*sample) {}},
	{"remove", table.Remove("Text"), func(s *sample) { s.Text = "" }},
	{"remove what is missing", table.Remove("Missing"), func(*sample) {}},
	{"add", table.Add("Number", 5), func(s *sample) { s.Number = 15 }},
	{"subtract", table.Add("Number", -15), func(s *sample) { s.Number = -5 }},
	{"add to what is missing", table.Add("Missing", 7), func(s *sample) { s.Missing = seven() }},
	{"add a fraction", table.Add("Ratio", -0.25), func(s *sample) { s.Ratio = 0.25 }},
	{"append", table.Append("List", 3, 1), func(s *sample) { s.List = []int{1, 2, 3, 1} }},
	{"append to what is missing", table.Append("Absent", "a"), func(s *sample) { s.Absent = []string{"a"} }},
	{"include", table.Include("Texts", "c", "a", "c"), func(s *sample) { s.Texts = []string{"a", "b", "c"} }},
	{"include in what is missing", table.Include("None", "a"), func(s *sample) { s.None = []string{"a"} }},
	{"exclude", table.Exclude("Numbers", 2, 9), func(s *sample) { s.Numbers = []int{1} }},
	{"exclude all", table.Exclude("Numbers", 1, 2), func(s *sample) { s.Numbers = nil }},
	{"exclude from what is missing", table.Exclude("None", "a"), func(*sample) {}},
}

func seven() *int {
	n := 7
	return &n
}

// changeRules try each change by itself.
var changeRules = []rule{
	{"each", "a change does what it does in DynamoDB", func(t *testing.T, open target) {
		samples := start[sample](t, open)
		for i, c := range changeCases {
			item := theSample()
			item.Part = i
			put(t, samples, item)
			c.want(&item)
			got, err := samples.Update(t.Context(), table.PKSK("s", i), table.Changes(c.change))
			if diff := cmp.Diff(item, sorted(got), exact()...); err != nil || diff != "" {
				t.Errorf("%s: error = %v, (-want +got):\n%s", c.name, err, diff)
			}
		}
	}},
	{"unsigned", "an unsigned integer does not become negative", func(t *testing.T, open target) {
		type stock struct {
			ID   string `table:"id,pk"`
			Left uint   `table:"left"`
		}
		stocks := start[stock](t, open)
		put(t, stocks, stock{"a", 2})
		if got, err := stocks.Update(t.Context(), table.PK("a"), table.Changes(table.Add("left", -2))); err != nil || got.Left != 0 {
			t.Errorf("Update of 2 by -2 = %+v, %v, want 0", got, err)
		}
		_, err := stocks.Update(t.Context(), table.PK("a"), table.Changes(table.Add("left", -1)))
		wantError(t, "Update of 0 by -1", err, open.conflict())
	}},
	{"narrow", "an integer stays within its Go type", func(t *testing.T, open target) {
		type gauge struct {
			ID      string `table:"id,pk"`
			Small   int8   `table:"small"`
			Byte    *uint8 `table:"byte"`
			Version int8   `table:"version,version"`
		}
		gauges := start[gauge](t, open)
		put(t, gauges, gauge{ID: "a", Small: 100})
		for _, c := range []struct {
			change table.Change
			ok     bool
		}{
			{table.Add("small", 28), false}, {table.Add("small", 27), true}, {table.Add("small", -100), true},
			{table.Add("small", -100), true}, {table.Add("small", -56), false}, {table.Add("small", -55), true},
			{table.Add("byte", 255), true}, {table.Add("byte", 1), false}, {table.Add("byte", -255), true}, {table.Add("byte", -1), false},
		} {
			_, err := gauges.Update(t.Context(), table.PK("a"), table.Changes(c.change))
			if c.ok && err != nil {
				t.Errorf("Update by %s: error = %v, want nil", c.change.Value().Text(), err)
			} else if !c.ok {
				wantError(t, "Update out of the type by "+c.change.Value().Text(), err, open.conflict())
			}
		}
		var err error
		for last := int8(0); err == nil && last < 127; {
			var got gauge
			got, err = gauges.Update(t.Context(), table.PK("a"), table.Patch{})
			last = got.Version
		}
		if err != nil {
			t.Fatalf("Update up to the greatest version: %v", err)
		}
		_, err = gauges.Update(t.Context(), table.PK("a"), table.Patch{})
		wantError(t, "Update of the greatest version", err, open.conflict())
	}},
	{"sums", "numbers are added exactly", func(t *testing.T, open target) {
		type exactly struct {
			ID string      `table:"id,pk"`
			N  table.Value `table:"n"`
		}
		items := start[exactly](t, open)
		for _, c := range []struct {
			n, add, want string
			wide         bool
		}{
			{"0.1", "0.2", "0.3", false},
			{"99999999999999999999999999999999999999", "-1", "99999999999999999999999999999999999998", false},
			{"-5", "5", "0", false},
			{"1E-20", "1", "1.00000000000000000001", true},
			{"1E+100", "1E+100", "2E+100", true},
		} {
			put(t, items, exactly{"1", number(t, c.n)})
			got, err := items.Update(t.Context(), table.PK("1"), table.Changes(table.AddValue("n", number(t, c.add))))
			if c.wide && open.has(NarrowSums) {
				wantError(t, c.n+" + "+c.add, err, datastore.ErrUnknown)
			} else if err != nil || !got.N.Equal(number(t, c.want)) {
				t.Errorf("%s + %s = %s, %v, want %s", c.n, c.add, got.N.Text(), err, c.want)
			}
		}
		put(t, items, exactly{"1", table.String("text")})
		_, err := items.Update(t.Context(), table.PK("1"), table.Changes(table.Add("n", 1)))
		wantError(t, "Add to a text", err, datastore.ErrCorrupt)
	}},
}

func number(t testing.TB, text string) table.Value {
	t.Helper()
	v, err := table.Number(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
