package table_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// profile is what patches are made to.
type profile struct {
	ID      string    `table:"id,pk"`
	Email   string    `json:"email" table:",index=byEmail.pk"`
	Note    *string   `json:"note"`
	Tags    []string  `json:"tags" table:",set"`
	Expires time.Time `json:"expires" table:",ttl"`
}

type profileChange struct {
	ID      string                     `path:"id" table:"-"`
	Email   *string                    `json:"email"`
	Note    table.Optional[string]     `json:"note,omitzero"`
	Tags    []string                   `json:"tags" table:",set"`
	Expires table.Optional[*time.Time] `json:"expires,omitzero"`
}

// TestPatchOfBody maps a body of a PATCH request to what is stored.
func TestPatchOfBody(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	profiles := datastore.Use[interface {
		table.Putter[profile]
		table.Updater[profile]
	}](&function{}, table.New[profile](data, "profiles"))
	note, at := "note", time.Date(2050, 1, 2, 3, 4, 5, 0, time.UTC)
	whole := profile{"1", "a@b", &note, []string{"x"}, at}
	empty, other := "", "other"
	for body, c := range map[string]struct {
		attrs []string
		want  profile
	}{
		`{}`:                 {nil, whole},
		`{"email":"c@d"}`:    {[]string{"email"}, profile{"1", "c@d", &note, []string{"x"}, at}},
		`{"email":""}`:       {[]string{"email"}, profile{"1", "", &note, []string{"x"}, at}},
		`{"email":null}`:     {nil, whole},
		`{"note":null}`:      {[]string{"note"}, profile{"1", "a@b", nil, []string{"x"}, at}},
		`{"note":""}`:        {[]string{"note"}, profile{"1", "a@b", &empty, []string{"x"}, at}},
		`{"tags":["y","z"]}`: {[]string{"tags"}, profile{"1", "a@b", &note, []string{"y", "z"}, at}},
		`{"tags":[]}`:        {[]string{"tags"}, profile{"1", "a@b", &note, nil, at}},
		`{"tags":null}`:      {nil, whole},
		`{"note":"other","expires":"2060-01-02T03:04:05.9Z"}`: {[]string{"note", "expires"},
			profile{"1", "a@b", &other, []string{"x"}, time.Date(2060, 1, 2, 3, 4, 5, 0, time.UTC)}},
		`{"expires":null}`: {[]string{"expires"}, profile{"1", "a@b", &note, []string{"x"}, time.Time{}}},
	} {
		if _, err := profiles.Put(t.Context(), whole); err != nil {
			t.Fatal(err)
		}
		var in profileChange
		if err := json.Unmarshal([]byte(body), &in); err != nil {
			t.Fatal(err)
		}
		patch := table.PatchOf(in)
		if got := patch.Attrs(); !slices.Equal(got, c.attrs) || patch.IsZero() != (len(c.attrs) == 0) {
			t.Errorf("PatchOf(%s) changes %v, want %v", body, got, c.attrs)
		}
		got, err := profiles.Update(t.Context(), table.PK("1"), patch)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("Update by %s: error = %v, (-want +got):\n%s", body, err, diff)
		}
	}
}

// TestPatchOfWrongTypes: what no client can cause is no mistake of the client.
func TestPatchOfWrongTypes(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	profiles := datastore.Use[table.Updater[profile]](&function{}, table.New[profile](data, "profiles"))
	type plain struct{ Email string }
	type unstorable struct{ Email *func() }
	type marked struct {
		Email *string `table:"email,pk"`
	}
	for name, c := range map[string]struct {
		patch table.Patch
		want  string
		kind  error
	}{
		"presence cannot be seen": {table.PatchOf(plain{}), "make it a pointer or a table.Optional", datastore.ErrDeclaration},
		"cannot be stored":        {table.PatchOf(unstorable{}), "cannot be stored", datastore.ErrDeclaration},
		"marked as a key":         {table.PatchOf(marked{}), "marked in the item type", datastore.ErrDeclaration},
		"no struct":               {table.PatchOf(1), "is not a struct", datastore.ErrDeclaration},
		"another attribute":       {table.PatchOf(struct{ Other *int }{new(int)}), `"Other"`, datastore.ErrInvalid},
		"text that is not UTF-8":  {table.PatchOf(profileChange{Note: table.Some("\xff")}), "UTF-8", datastore.ErrInvalid},
	} {
		_, err := profiles.Update(t.Context(), table.PK("1"), c.patch)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Update by a patch: %s: error = %v, want %v that says %q", name, err, c.kind, c.want)
		}
	}
}

func TestOptional(t *testing.T) {
	t.Parallel()
	type body struct {
		N table.Optional[int] `json:"n,omitzero"`
	}
	for text, want := range map[string]body{
		`{}`:         {},
		`{"n":null}`: {table.None[int]()},
		`{"n":0}`:    {table.Some(0)},
		`{"n":7}`:    {table.Some(7)},
	} {
		var got body
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("Unmarshal(%s) = %+v, %v, want %+v", text, got, err, want)
		}
		back, err := json.Marshal(got)
		if err != nil || string(back) != text {
			t.Errorf("Marshal of %s = %s, %v", text, back, err)
		}
		n, ok := got.N.Get()
		if ok != (!got.N.IsZero() && !got.N.IsNull()) || n != 0 && n != 7 {
			t.Errorf("Get of %s = %d, %v", text, n, ok)
		}
	}
	if err := json.Unmarshal([]byte(`{"n":"x"}`), &body{}); err == nil {
		t.Error("Unmarshal of a text as a number: no error")
	}
}

// FuzzPatchBody: whatever a client sends, an update answers an item, or an error
// that says that the client is wrong.
func FuzzPatchBody(f *testing.F) {
	for _, seed := range []string{`{}`, `{"email":"c@d","note":null}`, `{"tags":["a","a"]}`, `{"expires":"0000-01-01T00:00:00Z"}`, `{"note":"\ud800"}`} {
		f.Add([]byte(seed))
	}
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	profiles := datastore.Use[table.Updater[profile]](&function{}, table.New[profile](data, "profiles"))
	f.Fuzz(func(t *testing.T, body []byte) {
		var in profileChange
		if json.Unmarshal(body, &in) != nil {
			return
		}
		got, err := profiles.Update(t.Context(), table.PK("1"), table.PatchOf(in).OrCreate())
		if err != nil && !errors.Is(err, datastore.ErrInvalid) && !errors.Is(err, datastore.ErrTooLarge) {
			t.Errorf("Update by %q = %+v, %v, want an item or a wrong request", body, got, err)
		}
	})
}

func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	codec, err := table.NewCodec[profile]()
	if err != nil {
		t.Fatal(err)
	}
	got, err := codec.DecodeJSON([]byte(`{"id":{"S":"1"},"email":{"S":"a@b"},"tags":{"SS":["x"]},"expires":{"N":"60"},"_w":{"B":"AAAA"},"unknown":{"L":[{"NULL":true}]}}`))
	want := profile{ID: "1", Email: "a@b", Tags: []string{"x"}, Expires: time.Unix(60, 0).UTC()}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("DecodeJSON: error = %v, (-want +got):\n%s", err, diff)
	}
	for _, image := range []string{``, `null x`, `[]`, `{"id":{"S":1}}`, `{"id":{}}`, `{"id":{"X":"1"}}`, `{"id":null}`, `{"id":{"N":"1"}}`, `{"expires":{"N":"1E30"}}`} {
		if got, err := codec.DecodeJSON([]byte(image)); !errors.Is(err, datastore.ErrCorrupt) || got.ID != "" {
			t.Errorf("DecodeJSON(%s) = %+v, %v, want %v", image, got, err, datastore.ErrCorrupt)
		}
	}
}

func FuzzDecodeJSON(f *testing.F) {
	f.Add([]byte(`{"id":{"S":"1"},"tags":{"SS":["x"]},"expires":{"N":"60"}}`))
	codec, err := table.NewCodec[profile]()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, image []byte) {
		got, err := codec.DecodeJSON(image)
		if err != nil {
			if !errors.Is(err, datastore.ErrCorrupt) {
				t.Errorf("DecodeJSON(%q): error = %v, want %v", image, err, datastore.ErrCorrupt)
			}
			return
		}
		item, err := codec.Encode(got)
		if err != nil {
			return // what was read may hold texts that are not UTF-8, or the like
		}
		if again, err := codec.Decode(item); err != nil || !cmp.Equal(got, again) {
			t.Errorf("DecodeJSON(%q) = %+v, stored and read again %+v, %v", image, got, again, err)
		}
	})
}

// TestPatchLimits: changes that are too long as an expression are refused with the
// number there can be, and so are values of 2 MB; conditions that the changes make
// count as others.
func TestPatchLimits(t *testing.T) {
	t.Parallel()
	type wide struct {
		ID string `table:"id,pk"`
		A0, A1, A2, A3, A4, A5, A6, A7, A8, A9,
		B0, B1, B2, B3, B4, B5, B6, B7, B8, B9,
		C0, C1, C2, C3, C4, C5, C6, C7, C8, C9,
		D0, D1, D2, D3, D4, D5, D6, D7, D8, D9,
		E0, E1, E2, E3, E4, E5, E6, E7, E8, E9,
		F0, F1, F2, F3, F4, F5, F6, F7, F8, F9,
		G0, G1, G2, G3, G4, G5, G6, G7, G8, G9,
		H0, H1, H2, H3, H4, H5, H6, H7, H8, H9,
		I0, I1, I2, I3, I4, I5, I6, I7, I8, I9 []string
		J0, J1, J2, J3, J4, J5, J6, J7, J8, J9,
		K0, K1, K2, K3, K4, K5, K6, K7, K8, K9,
		L0, L1, L2, L3, L4, L5, L6, L7, L8, L9,
		M0, M1, M2, M3, M4, M5, M6, M7, M8, M9,
		N0, N1, N2, N3, N4, N5, N6, N7, N8, N9,
		O0, O1, O2, O3, O4, O5, O6, O7, O8, O9,
		P0, P1, P2, P3, P4, P5, P6, P7, P8, P9,
		Q0, Q1, Q2, Q3, Q4, Q5, Q6, Q7, Q8, Q9 int32
	}
	data := datatest.New(t)
	items := datastore.Use[table.Updater[wide]](&function{}, table.New[wide](data, "items"))
	changes := func(from byte, n int, change func(string) table.Change) []table.Change {
		list := make([]table.Change, n)
		for i := range list {
			list[i] = change(string([]byte{from + byte(i/10), '0' + byte(i%10)}))
		}
		return list
	}
	appended := func(attr string) table.Change { return table.Append(attr, "x") }
	added := func(attr string) table.Change { return table.Add(attr, 1) }
	large := func(attr string) table.Change {
		return table.SetTo(attr, table.List(table.String(strings.Repeat("x", 390<<10))))
	}
	for name, tt := range map[string]struct {
		changes []table.Change
		want    error
		text    string
	}{
		"80 appends": {changes('A', 80, appended), nil, ""},
		"90 appends": {changes('A', 90, appended), datastore.ErrInvalid, "bytes as an expression of DynamoDB, of which there can be 4096; make fewer changes at once"},
		"70 adds":    {changes('J', 70, added), nil, ""},
		"80 adds":    {changes('J', 80, added), datastore.ErrInvalid, "operators and functions, of which there can be 300; make fewer conditions, or changes, at once"},
		"2.3 MB":     {changes('A', 6, large), datastore.ErrTooLarge, "at most 2097152 are taken"},
	} {
		_, err := items.Update(t.Context(), table.PK(name), table.Changes(tt.changes...).OrCreate())
		if !errors.Is(err, tt.want) || tt.want != nil && !strings.Contains(err.Error(), tt.text) {
			t.Errorf("Update with %s: error = %.300v, want %v, %q", name, err, tt.want, tt.text)
		}
	}
}
