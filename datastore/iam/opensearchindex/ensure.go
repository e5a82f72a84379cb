package opensearchindex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// property is one field of a mapping.
//
// See https://docs.opensearch.org/latest/field-types/
type property struct {
	Type        string              `json:"type,omitempty"`
	Enabled     *bool               `json:"enabled,omitempty"`
	IgnoreAbove int                 `json:"ignore_above,omitempty"`
	Format      string              `json:"format,omitempty"`
	Fields      map[string]property `json:"fields,omitempty"`
	Properties  map[string]property `json:"properties,omitempty"`
}

// mapping is what an index knows of its documents.
type mapping struct {
	Dynamic    string              `json:"dynamic,omitempty"`
	Properties map[string]property `json:"properties"`
}

func mappingOf(spec search.Spec) mapping {
	m := mapping{Dynamic: "strict", Properties: map[string]property{keyField: {Type: "keyword"}}}
	for _, f := range spec.Fields() { // a struct comes before what it holds
		in, name := m.Properties, f.Name
		for outer, rest, nested := strings.Cut(name, "."); nested; outer, rest, nested = strings.Cut(name, ".") {
			in, name = in[outer].Properties, rest
		}
		in[name] = propertyOf(f)
	}
	return m
}

func propertyOf(f search.Field) property {
	whole := property{Type: "keyword", IgnoreAbove: search.MaxKeyword}
	switch f.Kind {
	case search.Object:
		return property{Properties: map[string]property{}}
	case search.Stored:
		return property{Type: "object", Enabled: new(bool)}
	case search.Keyword:
		return whole
	case search.Text:
		p := property{Type: "text"}
		if f.Exact {
			p.Fields = map[string]property{"keyword": whole}
		}
		return p
	}
	return property{Type: f.Kind.String()}
}

// Ensure implements [search.Conn].
func (c *conn) Ensure(ctx context.Context) error {
	want := mappingOf(c.spec)
	stored, err := c.stored(ctx)
	if err == nil && stored == nil {
		made, failed := c.create(ctx, want)
		if made || failed != nil {
			return failed
		}
		stored, err = c.stored(ctx) // another has made it meanwhile
	}
	switch {
	case err != nil:
		return err
	case stored == nil:
		return unavailable(errors.New("the index is there and has no mapping; try again"))
	}
	missing, err := compare("", want.Properties, stored.Properties)
	if err != nil || !missing {
		return err
	}
	body, err := json.Marshal(want)
	if err != nil {
		return err
	}
	return c.retry.Do(ctx, write, func(ctx context.Context) error {
		_, _, err := c.send(ctx, request{method: http.MethodPut, path: "/_mapping", body: body})
		return err
	})
}

// stored is the mapping of the index, nil if there is no index.
func (c *conn) stored(ctx context.Context) (m *mapping, err error) {
	err = c.retry.Do(ctx, iam.Call{}, func(ctx context.Context) error {
		_, answer, err := c.send(ctx, request{method: http.MethodGet, path: "/_mapping"})
		if failed, ok := errors.AsType[*Error](err); ok && failed.Type == "index_not_found_exception" {
			return nil
		}
		if err != nil {
			return err
		}
		var body map[string]struct { // by the index, which may have the name as an alias
			Mappings *mapping `json:"mappings"`
		}
		if json.Unmarshal(answer, &body) != nil || len(body) != 1 {
			return errForeign
		}
		for _, index := range body {
			if m = index.Mappings; m == nil {
				return errForeign
			}
		}
		return nil
	})
	return m, err
}

// create makes the index. It answers false if it is there already, perhaps by an
// attempt whose answer was lost.
func (c *conn) create(ctx context.Context, m mapping) (made bool, err error) {
	body, err := json.Marshal(map[string]mapping{"mappings": m})
	if err != nil {
		return false, err
	}
	err = c.retry.Do(ctx, write, func(ctx context.Context) error {
		_, _, err := c.send(ctx, request{method: http.MethodPut, body: body})
		made = err == nil
		if failed, ok := errors.AsType[*Error](err); ok && failed.Type == "resource_already_exists_exception" {
			return nil
		}
		return err
	})
	return made, err
}

// compare reports whether fields that the program declares are missing in an index,
// or answers the first that has another type there.
func compare(prefix string, want, stored map[string]property) (missing bool, err error) {
	for name, w := range want {
		s, known := stored[name]
		if !known {
			missing = true
			continue
		}
		if typeOf(w) != typeOf(s) {
			return false, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf(
				"field %q is of type %s in the index and of type %s in the program, and cannot be changed; declare an index of another name and write the documents again",
				prefix+name, typeOf(s), typeOf(w))}
		}
		for _, inner := range [][2]map[string]property{{w.Properties, s.Properties}, {w.Fields, s.Fields}} {
			less, err := compare(prefix+name+".", inner[0], inner[1])
			if err != nil {
				return false, err
			}
			missing = missing || less
		}
	}
	return missing, nil
}

// typeOf is the type of a field in words.
func typeOf(p property) string {
	switch {
	case p.Enabled != nil && !*p.Enabled:
		return "stored"
	case p.Type == "":
		return "object"
	}
	return p.Type
}
