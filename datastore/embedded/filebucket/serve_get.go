package filebucket

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

func (b *bucket) serveGet(w http.ResponseWriter, r *http.Request, key string) error {
	query, err := b.signed(r, key)
	if err != nil {
		return err
	}
	span, partial := parseRange(r.Header.Get("Range"))
	content, err := b.Get(r.Context(), key, blob.Read{
		Span: span, IfMatch: r.Header.Get("If-Match"), IfNoneMatch: r.Header.Get("If-None-Match"),
	})
	if err != nil {
		return err
	}
	if partial && content.Size == 0 && !content.NotModified {
		content.Body.Close()
		return &failure{http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "the object is empty"}
	}
	h := w.Header()
	h.Set("ETag", content.ETag)
	if content.NotModified {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	defer content.Body.Close()
	for _, o := range overrides {
		v := *o.of(&content.Attributes)
		if override := query.Get(o.parameter); override != "" {
			v = override
		}
		if v != "" {
			h.Set(o.name, v)
		}
	}
	for name, v := range content.Metadata {
		h.Set(metaPrefix+name, v)
	}
	h.Set("Accept-Ranges", "bytes")
	h.Set("Last-Modified", content.Modified.Format(http.TimeFormat))
	h.Set("Content-Length", strconv.FormatInt(content.Length, 10))
	if partial {
		h.Set("Content-Range", "bytes "+strconv.FormatInt(content.Offset, 10)+"-"+
			strconv.FormatInt(content.Offset+content.Length-1, 10)+"/"+strconv.FormatInt(content.Size, 10))
		w.WriteHeader(http.StatusPartialContent)
	}
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(w, content.Body); err != nil {
		panic(http.ErrAbortHandler) // cuts the answer, whose length was announced
	}
	return nil
}

// parseRange reads a header Range of one range of bytes. S3 ignores every other.
func parseRange(text string) (blob.Span, bool) {
	rest, ok := strings.CutPrefix(text, "bytes=")
	first, last, dash := strings.Cut(strings.TrimSpace(rest), "-")
	if !ok || !dash {
		return blob.Span{}, false
	}
	if first == "" {
		n, ok := digits(last)
		return blob.Span{Offset: -n}, ok && n > 0
	}
	from, ok := digits(first)
	if !ok {
		return blob.Span{}, false
	}
	if last == "" {
		return blob.Span{Offset: from}, true
	}
	to, ok := digits(last)
	if !ok || to < from {
		return blob.Span{}, false
	}
	return blob.Span{Offset: from, Length: to - from + 1}, true
}

// digits is a number without a sign, far from overflow.
func digits(text string) (int64, bool) {
	n, err := strconv.ParseUint(text, 10, 62)
	return int64(n), err == nil && text != "" && text[0] != '+'
}

// attributesOf are the attributes that headers or the fields of a form say.
func attributesOf(get func(name string) string, names []string) blob.Attributes {
	var a blob.Attributes
	for _, o := range overrides {
		*o.of(&a) = get(o.name)
	}
	if a.ContentType == "" {
		a.ContentType = blob.DefaultContentType
	}
	for _, name := range names {
		if rest, ok := strings.CutPrefix(strings.ToLower(name), strings.ToLower(metaPrefix)); ok {
			if a.Metadata == nil {
				a.Metadata = map[string]string{}
			}
			a.Metadata[rest] = get(name)
		}
	}
	return a
}
