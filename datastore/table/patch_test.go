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
