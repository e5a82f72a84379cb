package blob

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// MaxKeySize is how many bytes a key has at most.
const MaxKeySize = 1024

// ValidKey reports whether key can be the key of an object.
func ValidKey(key string) bool { return checkKey(key) == nil }

func checkKey(key string) error {
	if key == "" {
		return errors.New("the key is empty")
	}
	if err := checkText(key); err != nil {
		return err
	}
	return checkSegments(key)
}

// checkPrefix checks the beginning of a key, which may be empty, and whose last
// segment may go on.
func checkPrefix(prefix string) error {
	if err := checkText(prefix); err != nil {
		return err
	}
	last := strings.LastIndexByte(prefix, '/')
	if last < 0 {
		return nil
	}
	return checkSegments(prefix[:last])
}

func checkText(key string) error {
	if len(key) > MaxKeySize {
		return fmt.Errorf("the key has %d bytes, of which there can be %d", len(key), MaxKeySize)
	}
	if !utf8.ValidString(key) {
		return errors.New("the key is not UTF-8")
	}
	for _, r := range key {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff {
			return fmt.Errorf("the key has the character %U, which no listing can hold; encode it", r)
		}
	}
	return nil
}

// checkSegments allocates nothing: it is called for each key of a list.
func checkSegments(path string) error {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("the key has the segment %q, which browsers and proxies resolve; name it otherwise", segment)
		}
	}
	return nil
}

func invalid(format string, args ...any) error {
	return &datastore.Error{Kind: datastore.ErrInvalid, Err: fmt.Errorf(format, args...)}
}
