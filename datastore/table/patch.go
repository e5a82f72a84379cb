package table

import (
	"errors"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Patch are the changes that an [Updater] makes to an item, all of them or none.
// [Changes] makes one of single changes, [PatchOf] of a struct, such as the body
// of a PATCH request. The zero Patch changes nothing: the update answers the item
// as it is, with its version counted up if it has one.
type Patch struct {
	changes []Change
	create  bool
	err     error
}

// Changes is a patch of the changes, each of another attribute, at most 100. As an
// expression of DynamoDB they have at most 4 KB, which is some 80 of Append, the
// longest, and more than 100 of others.
func Changes(changes ...Change) Patch { return Patch{changes: slices.Clone(changes)} }

// With is the patch with more changes.
func (p Patch) With(changes ...Change) Patch {
	p.changes = slices.Concat(p.changes, changes)
	return p
}

// OrCreate is the patch that also makes the item, of its key and the changes, if
// it is not there. Without it the update of such an item answers
// [datastore.ErrNotFound].
func (p Patch) OrCreate() Patch {
	p.create = true
	return p
}

// IsZero reports whether the patch has no changes.
func (p Patch) IsZero() bool { return len(p.changes) == 0 && p.err == nil }

// Attrs are the names of the attributes that it changes.
func (p Patch) Attrs() []string {
	names := make([]string, len(p.changes))
	for i, c := range p.changes {
		names[i] = c.attr
	}
	return names
}

// maxChanges is how many changes a patch has: with so many there are at most 200
// functions in an expression, of the 300 that DynamoDB takes.
const maxChanges = 100

// check checks the changes against the item type, and turns them into what is
// stored.
func (s *shape) check(p Patch, plan *plan) ([]Change, error) {
	switch {
	case p.err != nil:
		if _, own := errors.AsType[*datastore.Error](p.err); own {
			return nil, p.err
		}
		return nil, invalid("%w", p.err)
	case len(p.changes) > maxChanges:
		return nil, invalid("patch: has %d changes, of which there can be %d", len(p.changes), maxChanges)
	}
	changes := make([]Change, 0, len(p.changes)+2)
	seen := make(map[string]bool, len(p.changes))
	for _, c := range p.changes {
		if seen[c.attr] {
			return nil, invalid("change of %q: it is changed twice; an attribute has one change", c.attr)
		}
		seen[c.attr] = true
		checked, err := s.checkChange(c, plan)
		if err != nil {
			return nil, err
		}
		changes = append(changes, checked)
	}
	return changes, nil
}
