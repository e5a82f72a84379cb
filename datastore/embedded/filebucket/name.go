package filebucket

import (
	"errors"
	"path/filepath"
	"strings"
)

// A key is the path of its file: each segment but the last is a folder whose name
// ends in "+", and the last one the file. maxName is where a name that file systems
// may not hold is continued, in a folder that ends in "~".
const (
	folderMark = '+'
	goesOnMark = '~'
	emptyName  = "%" // a segment without bytes
	maxName    = 200
	hexDigits  = "0123456789abcdef"
)

// fileOf is the path of a key below its bucket, with slashes.
func fileOf(key string) string {
	var b strings.Builder
	for i, segment := range strings.Split(key, "/") {
		if i > 0 {
			b.WriteByte(folderMark)
			b.WriteByte('/')
		}
		appendName(&b, segment)
	}
	return b.String()
}

// folderOf is the folder that holds all keys with the prefix; "." for the bucket.
func folderOf(prefix string) string {
	i := strings.LastIndexByte(prefix, '/')
	if i < 0 {
		return "."
	}
	return fileOf(prefix[:i]) + string(folderMark)
}

func appendName(b *strings.Builder, segment string) {
	if segment == "" {
		b.WriteString(emptyName)
		return
	}
	device := !filepath.IsLocal(segment)
	n := 0
	for i := range len(segment) {
		c := segment[i]
		if n >= maxName {
			b.WriteByte(goesOnMark)
			b.WriteByte('/')
			n = 0
		}
		if plain(c) && !(c == '.' && (n == 0 || i == len(segment)-1)) && !(device && i == 0) {
			b.WriteByte(c)
			n++
			continue
		}
		b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		n += 3
	}
}

// plain bytes stand for themselves. Capitals do not: some file systems take them
// for small letters.
func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'
}

var errName = errors.New("is no name of an object")

// keyOf is the key of a path that fileOf made.
func keyOf(path string) (string, error) {
	var key strings.Builder
	names := strings.Split(path, "/")
	for i, name := range names {
		last := i == len(names)-1
		mark := byte(0)
		if !last {
			if name == "" {
				return "", errName
			}
			mark, name = name[len(name)-1], name[:len(name)-1]
			if mark != folderMark && mark != goesOnMark {
				return "", errName
			}
		}
		if err := decodeName(&key, name); err != nil {
			return "", err
		}
		if mark == folderMark {
			key.WriteByte('/')
		}
	}
	if fileOf(key.String()) != path {
		return "", errName
	}
	return key.String(), nil
}

func decodeName(key *strings.Builder, name string) error {
	if name == emptyName {
		return nil
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '%' {
			if i+2 >= len(name) {
				return errName
			}
			high, low := strings.IndexByte(hexDigits, name[i+1]), strings.IndexByte(hexDigits, name[i+2])
			if high < 0 || low < 0 {
				return errName
			}
			c = byte(high<<4 | low)
			i += 2
		}
		key.WriteByte(c)
	}
	return nil
}
