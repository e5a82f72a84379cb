package filebucket

import (
	"context"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// The place after which a page begins: a key, or the common beginning of keys
// that were put together.
const (
	afterKey    = "k"
	afterCommon = "c"
)

// List implements [blob.Conn].
func (b *bucket) List(ctx context.Context, q blob.ListQuery) (blob.ListPage, error) {
	var page blob.ListPage
	if err := b.usable(ctx); err != nil {
		return page, err
	}
	keys, err := b.shelf.keys(q.Prefix)
	if err != nil {
		return page, ours(err)
	}
	slices.Sort(keys)
	if keys, err = after(keys, q.After); err != nil {
		return page, err
	}
	for len(keys) > 0 {
		if len(page.Entries) == q.Limit {
			page.Next = place(page.Entries[q.Limit-1])
			return page, nil
		}
		var entry blob.Entry
		if entry.Key, entry.Common = common(keys[0], q); entry.Common {
			keys = beyond(keys, entry.Key)
			page.Entries = append(page.Entries, entry)
			continue
		}
		o, err := b.shelf.open(keys[0])
		keys = keys[1:]
		switch {
		case err != nil:
			return page, ours(err)
		case o == nil: // removed meanwhile
			continue
		}
		o.Close()
		entry.Size, entry.ETag, entry.Modified = o.Size, o.ETag, o.Modified
		page.Entries = append(page.Entries, entry)
	}
	return page, nil
}

// common is what the key is listed as.
func common(key string, q blob.ListQuery) (string, bool) {
	if q.Delimiter == "" {
		return key, false
	}
	i := strings.Index(key[len(q.Prefix):], q.Delimiter)
	if i < 0 {
		return key, false
	}
	return key[:len(q.Prefix)+i+len(q.Delimiter)], true
}

func place(last blob.Entry) string {
	if last.Common {
		return afterCommon + last.Key
	}
	return afterKey + last.Key
}

// after are the sorted keys that come after a place.
func after(keys []string, place string) ([]string, error) {
	key, isKey := strings.CutPrefix(place, afterKey)
	start, isCommon := strings.CutPrefix(place, afterCommon)
	switch {
	case place == "":
		return keys, nil
	case isKey:
		i, found := slices.BinarySearch(keys, key)
		if found {
			i++
		}
		return keys[i:], nil
	case isCommon:
		i, _ := slices.BinarySearch(keys, start)
		return beyond(keys[i:], start), nil
	}
	return nil, refused(datastore.ErrInvalid, "InvalidArgument")
}

// beyond are the sorted keys without the first ones that begin with start.
func beyond(keys []string, start string) []string {
	for len(keys) > 0 && strings.HasPrefix(keys[0], start) {
		keys = keys[1:]
	}
	return keys
}
