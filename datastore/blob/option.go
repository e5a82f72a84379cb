package blob

import "maps"

// GetOption is an option of [Getter].
type GetOption interface{ applyGet(*Read) }

// PutOption is an option of [Putter] and [Copier].
type PutOption interface{ applyPut(*Write) }

// DeleteOption is an option of [Deleter].
type DeleteOption interface{ applyDelete(*Condition) }

// SignGetOption is an option of [GetSigner].
type SignGetOption interface{ applySignGet(*Signing) }

// SignPutOption is an option of [PutSigner].
type SignPutOption interface{ applySignPut(*Signing) }

type span Span

// Range reads length bytes from offset on, or as many as there are; -1 is all of
// them. An offset behind the last byte answers [datastore.ErrInvalid].
func Range(offset, length int64) GetOption {
	if length == -1 && offset >= 0 {
		return span{Offset: offset}
	}
	return span{Offset: offset, Length: length, wrong: offset < 0 || length <= 0}
}

// Last reads the last n bytes, or all if there are fewer. Of an empty object it
// answers [datastore.ErrInvalid].
func Last(n int64) GetOption { return span{Offset: -n, wrong: n <= 0} }

func (s span) applyGet(r *Read) { r.Span = Span(s) }

// ETagOption is an option that compares an ETag.
type ETagOption interface {
	GetOption
	PutOption
	DeleteOption
	SignPutOption
}

type ifMatch string

// IfMatch goes on only if the stored object has this ETag. Another one, or none,
// answers [datastore.ErrConflict]. In S3 a write with it needs leave to read: the
// handle must have [Getter] or [Stater] too.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func IfMatch(etag string) ETagOption { return ifMatch(etag) }

func (e ifMatch) applyGet(r *Read)         { r.IfMatch = string(e); r.wrong = r.wrong || e == "" }
func (e ifMatch) applyPut(w *Write)        { w.If.match(string(e)) }
func (e ifMatch) applyDelete(c *Condition) { c.match(string(e)) }
func (e ifMatch) applySignPut(s *Signing)  { s.If.match(string(e)) }

func (c *Condition) match(etag string) {
	c.ETag = etag
	c.wrong = c.wrong || etag == ""
}

type ifNoneMatch string

// IfNoneMatch reads the object only if it has another ETag; see
// [Object.NotModified].
func IfNoneMatch(etag string) GetOption { return ifNoneMatch(etag) }

func (e ifNoneMatch) applyGet(r *Read) { r.IfNoneMatch = string(e); r.wrong = r.wrong || e == "" }

// WriteOption is an option of every way to store an object.
type WriteOption interface {
	PutOption
	SignPutOption
}

type absent struct{}

// Absent stores the object only if there is none with its key; otherwise the
// answer is [datastore.ErrConflict].
func Absent() WriteOption { return absent{} }

func (absent) applyPut(w *Write)       { w.If.Absent = true }
func (absent) applySignPut(s *Signing) { s.If.Absent = true }

// AttributeOption is an option that sets one of the [Attributes]: of what is
// stored, or in [GetSigner] of the answer.
type AttributeOption interface {
	WriteOption
	SignGetOption
}

type attribute struct {
	set func(*Attributes, string)
	to  string
}

func (a attribute) applyPut(w *Write)       { w.Given = true; a.set(&w.Attributes, a.to) }
func (a attribute) applySignPut(s *Signing) { a.set(&s.Attributes, a.to) }
func (a attribute) applySignGet(s *Signing) { a.set(&s.Attributes, a.to) }

// ContentType is the media type: "image/jpeg". Default [DefaultContentType].
func ContentType(v string) AttributeOption {
	return attribute{func(a *Attributes, v string) { a.ContentType = v }, v}
}

// CacheControl says how long who may keep it: "public, max-age=3600".
func CacheControl(v string) AttributeOption {
	return attribute{func(a *Attributes, v string) { a.CacheControl = v }, v}
}

// ContentDisposition says what a browser does with it: `attachment;
// filename="a.pdf"`.
func ContentDisposition(v string) AttributeOption {
	return attribute{func(a *Attributes, v string) { a.ContentDisposition = v }, v}
}

// ContentEncoding says how the content was packed: "gzip". Nothing is unpacked.
func ContentEncoding(v string) AttributeOption {
	return attribute{func(a *Attributes, v string) { a.ContentEncoding = v }, v}
}

// ContentLanguage is the language of the content: "de".
func ContentLanguage(v string) AttributeOption {
	return attribute{func(a *Attributes, v string) { a.ContentLanguage = v }, v}
}

type metadata map[string]string

// Metadata is stored with the object: names in lower case of letters, digits and
// "-._", values of printable ASCII, at most [MaxMetadataSize] bytes in all.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
func Metadata(m map[string]string) WriteOption { return metadata(maps.Clone(m)) }

func (m metadata) applyPut(w *Write)       { w.Given = true; w.Metadata = m }
func (m metadata) applySignPut(s *Signing) { s.Metadata = m }

type maxSize int64

// MaxSize stores nothing and answers [datastore.ErrTooLarge] if there are more
// than n bytes. It has no meaning in [Copier].
func MaxSize(n int64) PutOption { return maxSize(n) }

func (n maxSize) applyPut(w *Write) { w.limit, w.limited = int64(n), true }

type contentLength int64

// ContentLength pins the size of what the signed URL stores, in bytes.
func ContentLength(n int64) SignPutOption { return contentLength(n) }

func (n contentLength) applySignPut(s *Signing) { s.Length = int64(n) }
