package blob

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The limits of S3.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
// and https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
const (
	MaxMetadataSize = 2 << 10 // bytes of all names and values
	MaxCopySize     = 5 << 30 // bytes
)

const maxHeader = 1024

// check refuses what cannot be a header.
func (a Attributes) check() error {
	for _, h := range []struct{ name, value string }{
		{"content type", a.ContentType}, {"cache control", a.CacheControl}, {"content disposition", a.ContentDisposition},
		{"content encoding", a.ContentEncoding}, {"content language", a.ContentLanguage},
	} {
		if err := checkHeader(h.name, h.value); err != nil {
			return err
		}
	}
	size := 0
	for _, name := range slices.Sorted(maps.Keys(a.Metadata)) {
		if !metadataName(name) {
			return invalid("metadata %q: a name has lower case letters, digits and \"-._\"", name)
		}
		if name == WriteIDName {
			return invalid("metadata %q: the name is the store's own; choose another", name)
		}
		if err := checkHeader(fmt.Sprintf("metadata %q", name), a.Metadata[name]); err != nil {
			return err
		}
		size += len(name) + len(a.Metadata[name])
	}
	// What the driver adds by itself must fit too.
	if limit := MaxMetadataSize - len(WriteIDName) - writeIDSize; size > limit {
		return invalid("metadata: has %d bytes, of which there can be %d", size, limit)
	}
	return nil
}

func metadataName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return name != "" && len(name) <= 128
}

func checkHeader(name, value string) error {
	for i := range len(value) {
		if value[i] < 0x20 || value[i] > 0x7e {
			return invalid("%s: has the byte %#x; a value is printable ASCII: encode it", name, value[i])
		}
	}
	if value != strings.Trim(value, " ") {
		return invalid("%s: begins or ends with a space, which HTTP drops", name)
	}
	if len(value) > maxHeader && !strings.HasPrefix(name, "metadata") {
		return invalid("%s: has %d bytes, of which there can be %d", name, len(value), maxHeader)
	}
	return nil
}

func checkETag(etag string) error {
	if etag == "" {
		return nil
	}
	if err := checkHeader("ETag", etag); err != nil {
		return err
	}
	if len(etag) < 2 || etag[0] != '"' || etag[len(etag)-1] != '"' || strings.Contains(etag[1:len(etag)-1], `"`) {
		return invalid("ETag: is none of Info.ETag, which has quotes")
	}
	return nil
}
