package filebucket

import (
	"crypto/hmac"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

func (b *bucket) servePut(w http.ResponseWriter, r *http.Request, key string) error {
	if _, err := b.signed(r, key); err != nil {
		return err
	}
	switch {
	case r.ContentLength < 0:
		return &failure{http.StatusLengthRequired, "MissingContentLength", "the request has no Content-Length"}
	case r.ContentLength > blob.MaxPostSize:
		return &failure{http.StatusBadRequest, "EntityTooLarge", "one request stores 5 GiB at most"}
	}
	write := blob.Write{
		Attributes: attributesOf(r.Header.Get, slices.Collect(maps.Keys(r.Header))),
		If:         blob.Condition{Absent: r.Header.Get("If-None-Match") == "*", ETag: r.Header.Get("If-Match")},
		Body:       r.Body,
	}
	info, err := b.Put(r.Context(), key, write)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", info.ETag)
	return nil
}

// maxFields is how many bytes the fields before the file may have with their names.
const maxFields = 20 << 10

// servePost stores the file of a form.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
func (b *bucket) servePost(w http.ResponseWriter, r *http.Request, path string) error {
	malformed := &failure{http.StatusBadRequest, "MalformedPOSTRequest", "the request is no form of multipart/form-data with a file at its end"}
	form, err := r.MultipartReader()
	if err != nil || path != "" {
		return malformed
	}
	fields := map[string]string{}
	left := int64(maxFields)
	for {
		part, err := form.NextPart()
		if err != nil {
			return malformed
		}
		name := strings.ToLower(part.FormName())
		if name == "file" {
			return b.storeFile(w, r, fields, part)
		}
		value, err := io.ReadAll(io.LimitReader(part, left+1))
		if left -= int64(len(name) + len(value)); err != nil || left < 0 {
			return malformed
		}
		if _, twice := fields[name]; twice || name == "" {
			return malformed
		}
		fields[name] = string(value)
	}
}

func (b *bucket) storeFile(w http.ResponseWriter, r *http.Request, fields map[string]string, file *multipart.Part) error {
	least, most, err := b.permitted(fields)
	if err != nil {
		return err
	}
	get := func(name string) string { return fields[strings.ToLower(name)] }
	body := &within{r: file, least: least, left: most}
	info, err := b.put(r.Context(), fields["key"], blob.Write{
		Attributes: attributesOf(get, slices.Collect(maps.Keys(fields))), Body: body,
	}, "ObjectCreated:Post")
	if body.err != nil {
		return body.err
	}
	if err != nil {
		return err
	}
	w.Header().Set("ETag", info.ETag)
	if base, _, err := b.driver.ready(); err == nil {
		w.Header().Set("Location", b.location(base, fields["key"]))
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// location is the URL of an object. Like S3 it has no slash of the key in it.
func (b *bucket) location(base *url.URL, key string) string {
	return base.Scheme + "://" + base.Host + encode(base.Path+"/"+b.place(), true) + "/" + encode(key, false)
}

// permitted checks the policy of a form and its signature, and answers the limits
// of the file's size.
func (b *bucket) permitted(fields map[string]string) (least, most int64, err error) {
	_, secret, err := b.driver.ready()
	if err != nil {
		return 0, 0, err
	}
	at, err := signedAt(fields["x-amz-algorithm"], fields["x-amz-credential"], fields["x-amz-date"])
	if err != nil {
		return 0, 0, denied(err)
	}
	if !hmac.Equal([]byte(sign(secret, at, fields["policy"])), []byte(fields["x-amz-signature"])) {
		return 0, 0, denied(errSignature)
	}
	expires, conditions, err := decodePolicy(fields["policy"])
	if err != nil {
		return 0, 0, denied(err)
	}
	if b.data.Now().After(expires) {
		return 0, 0, denied(errExpired)
	}
	// The bucket is in the path, and a condition of the policy.
	all := maps.Clone(fields)
	all["bucket"] = b.place()
	if least, most, err = limits(conditions, all); err != nil {
		return 0, 0, denied(err)
	}
	if !blob.ValidKey(fields["key"]) {
		return 0, 0, &failure{http.StatusBadRequest, "InvalidArgument", "the key is none"}
	}
	return least, most, nil
}

// within is a file whose size must be within limits.
type within struct {
	r           io.Reader
	n           int64
	least, left int64
	err         error
}

func (l *within) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	l.n += int64(n)
	switch {
	case l.n > l.left:
		l.err = &failure{http.StatusBadRequest, "EntityTooLarge", "the file is larger than the policy allows"}
	case err == io.EOF && l.n < l.least:
		l.err = &failure{http.StatusBadRequest, "EntityTooSmall", "the file is smaller than the policy allows"}
	}
	if l.err != nil {
		return 0, l.err
	}
	return n, err
}
