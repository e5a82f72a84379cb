package blob

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// granted has the operations of one grant.
type granted struct {
	bucket *Bucket
	grant  *datastore.Grant
}

var (
	_ Getter      = (*granted)(nil)
	_ Stater      = (*granted)(nil)
	_ Putter      = (*granted)(nil)
	_ Deleter     = (*granted)(nil)
	_ ManyDeleter = (*granted)(nil)
	_ Lister      = (*granted)(nil)
	_ Copier      = (*granted)(nil)
	_ GetSigner   = (*granted)(nil)
	_ PutSigner   = (*granted)(nil)
	_ PostSigner  = (*granted)(nil)
)

// run does one operation on keys. What prepare refuses is not sent.
func (h *granted) run(ctx context.Context, bit datastore.Bit, fallback error, keys []string, prepare func() error, do func(context.Context, Conn) error) error {
	op := handle.Op{Grant: h.grant, Bit: bit, Name: capabilities[bit].Op, Fallback: fallback}
	return h.bucket.state.Run(ctx, op, func() error {
		if h.bucket.err != nil {
			return &datastore.Error{Kind: datastore.ErrDeclaration, Err: h.bucket.err}
		}
		for _, key := range keys {
			if err := checkKey(key); err != nil {
				return err
			}
		}
		if err := h.inScope(ctx, keys...); err != nil {
			return err
		}
		if prepare == nil {
			return nil
		}
		return prepare()
	}, do)
}

// inScope refuses keys, or the prefix of a listing, that do not lie in the scope.
func (h *granted) inScope(ctx context.Context, keys ...string) error {
	prefix, err := h.bucket.spec.prefix(ctx)
	if err != nil {
		return err
	}
	for _, key := range keys {
		switch {
		case strings.HasPrefix(key, prefix):
		case h.bucket.spec.Owner != 0:
			return &datastore.Error{Kind: datastore.ErrDenied, Err: datastore.ErrNotOwner}
		default:
			return &datastore.Error{Kind: datastore.ErrDenied, Err: fmt.Errorf(
				"function %s was granted what is under %q (%s), and the key does not lie there", h.grant.Function, prefix, h.grant.At)}
		}
	}
	return nil
}

// missing makes of an object that is not there what S3 says of it.
func (h *granted) missing(err error) error {
	if err == nil || h.grant.Has(bitList) {
		return err
	}
	e, ok := errors.AsType[*datastore.Error](err)
	if !ok || e.Kind != datastore.ErrNotFound && e.Kind != datastore.ErrDenied {
		return err
	}
	return &datastore.Error{Kind: datastore.ErrDenied, Code: e.Code, Attempts: e.Attempts, Err: &undisclosed{e.Err}}
}

// undisclosed says what a denied read can mean. The driver's error is below it.
type undisclosed struct{ err error }

func (*undisclosed) Error() string {
	return "it is not there, or may not be read: S3 tells only functions that may list; add blob.Lister to the interface of the grant"
}

func (u *undisclosed) Unwrap() error { return u.err }

func (h *granted) Get(ctx context.Context, key string, opts ...GetOption) (*Object, error) {
	read := Read{Known: h.grant.Has(bitList)}
	wrong := handle.Apply(opts, func(o GetOption) { o.applyGet(&read) })
	var o *Object
	err := h.run(ctx, bitGet, datastore.ErrUnavailable, []string{key}, func() error {
		if wrong != nil {
			return wrong
		}
		return read.check()
	}, func(ctx context.Context, conn Conn) error {
		c, err := conn.Get(ctx, key, read)
		if err != nil {
			return h.missing(err)
		}
		o = &Object{
			Info: c.Info, Offset: c.Offset, Length: c.Length, NotModified: c.NotModified,
			ctx: ctx, body: c.Body, left: c.Length, fail: h.failRead,
		}
		return nil
	})
	return o, err
}

func (h *granted) failRead(err error) error {
	return h.bucket.state.Wrap("Get", err, datastore.ErrUnavailable)
}

func (r Read) check() error {
	if r.wrong {
		return invalid("the range or the ETag is none; write Range(offset, length) with a length over 0, or -1 for the rest")
	}
	if err := checkETag(r.IfMatch); err != nil {
		return err
	}
	return checkETag(r.IfNoneMatch)
}

func (h *granted) Stat(ctx context.Context, key string) (info Info, err error) {
	read := Read{Known: h.grant.Has(bitList)}
	err = h.run(ctx, bitStat, datastore.ErrUnavailable, []string{key}, nil, func(ctx context.Context, conn Conn) (err error) {
		info, err = conn.Stat(ctx, key, read)
		return h.missing(err)
	})
	if err != nil {
		return Info{}, err
	}
	return info, nil
}

func (h *granted) Put(ctx context.Context, key string, r io.Reader, opts ...PutOption) (info Info, err error) {
	w := Write{Body: r}
	wrong := handle.Apply(opts, func(o PutOption) { o.applyPut(&w) })
	err = h.run(ctx, bitPut, datastore.ErrUnknown, []string{key}, func() error {
		if wrong != nil {
			return wrong
		}
		if err := h.checkWrite(ctx, &w); err != nil {
			return err
		}
		return w.checkBody()
	}, func(ctx context.Context, conn Conn) (err error) {
		info, err = conn.Put(ctx, key, w)
		return err
	})
	if err != nil {
		return Info{}, err
	}
	return info, nil
}

func (h *granted) Copy(ctx context.Context, dst, src string, opts ...PutOption) (info Info, err error) {
	w := Write{Known: h.grant.Has(bitList)}
	wrong := handle.Apply(opts, func(o PutOption) { o.applyPut(&w) })
	err = h.run(ctx, bitCopy, datastore.ErrUnknown, []string{dst, src}, func() error {
		if wrong != nil {
			return wrong
		}
		if dst == src && !w.Given {
			return invalid("an object is copied to itself, which only makes sense with options that change its content type or metadata")
		}
		return h.checkWrite(ctx, &w)
	}, func(ctx context.Context, conn Conn) (err error) {
		info, err = conn.Copy(ctx, dst, src, w)
		return h.missing(err)
	})
	if err != nil {
		return Info{}, err
	}
	return info, nil
}

func (h *granted) checkWrite(ctx context.Context, w *Write) error {
	if err := h.checkCondition(w.If); err != nil {
		return err
	}
	if w.ContentType == "" {
		w.ContentType = DefaultContentType
	}
	if err := w.Attributes.check(); err != nil {
		return err
	}
	var err error
	w.ID, err = h.newWriteID()
	return err
}

// checkCondition refuses what contradicts itself, and what S3 would refuse for
// want of a permission.
func (h *granted) checkCondition(c Condition) error {
	switch {
	case c.wrong:
		return invalid("IfMatch: the ETag is empty; take it from an Info, or use Absent for an object that is not there")
	case c.Absent && c.ETag != "":
		return invalid("Absent and IfMatch contradict each other")
	case c.ETag != "" && !h.grant.Has(bitGet) && !h.grant.Has(bitStat):
		return errNoRead
	}
	return checkETag(c.ETag)
}

const writeIDSize = 16 // of the text

func (h *granted) newWriteID() (string, error) {
	var id [writeIDSize * 3 / 4]byte
	if _, err := io.ReadFull(h.bucket.state.Data.Rand(), id[:]); err != nil {
		return "", &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf("read random bytes: %w", err)}
	}
	return base64.RawURLEncoding.EncodeToString(id[:]), nil
}

func (h *granted) Delete(ctx context.Context, key string, opts ...DeleteOption) error {
	var c Condition
	wrong := handle.Apply(opts, func(o DeleteOption) { o.applyDelete(&c) })
	return h.run(ctx, bitDelete, datastore.ErrUnknown, []string{key}, func() error {
		if wrong != nil {
			return wrong
		}
		return h.checkCondition(c)
	}, func(ctx context.Context, conn Conn) error { return conn.Delete(ctx, key, c) })
}

func (h *granted) DeleteMany(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return h.grant.Check(ctx, bitDeleteMany, "DeleteMany")
	}
	return h.run(ctx, bitDeleteMany, datastore.ErrUnknown, keys, nil, func(ctx context.Context, conn Conn) error {
		return conn.DeleteMany(ctx, keys)
	})
}

func (h *granted) List(ctx context.Context, q Query) (page datastore.Page[Entry], err error) {
	own := ListQuery{Prefix: q.Prefix, Delimiter: q.Delimiter, Limit: q.Limit}
	if own.Limit == 0 || own.Limit > MaxPage {
		own.Limit = MaxPage
	}
	err = h.run(ctx, bitList, datastore.ErrUnavailable, nil, func() (err error) {
		if err := checkPrefix(q.Prefix); err != nil {
			return fmt.Errorf("prefix: %w", err)
		}
		if err := checkText(q.Delimiter); err != nil {
			return fmt.Errorf("delimiter: %w", err)
		}
		if q.Limit < 0 {
			return invalid("the limit of %d is negative", q.Limit)
		}
		if err := h.inScope(ctx, q.Prefix); err != nil {
			return err
		}
		own.After, err = openToken(h.bucket.spec, q)
		return err
	}, func(ctx context.Context, conn Conn) error {
		found, err := conn.List(ctx, own)
		if err != nil {
			return err
		}
		page = datastore.Page[Entry]{Items: found.Entries, Next: sealToken(found.Next, h.bucket.spec, q)}
		return nil
	})
	return page, err
}

func (h *granted) SignGet(ctx context.Context, key string, ttl time.Duration, opts ...SignGetOption) (Signed, error) {
	s := Signing{Op: "SignGet", TTL: ttl, Length: -1}
	wrong := handle.Apply(opts, func(o SignGetOption) { o.applySignGet(&s) })
	return h.sign(ctx, bitSignGet, key, s, wrong)
}

func (h *granted) SignPut(ctx context.Context, key string, ttl time.Duration, opts ...SignPutOption) (Signed, error) {
	s := Signing{Op: "SignPut", TTL: ttl, Length: -1}
	wrong := handle.Apply(opts, func(o SignPutOption) { o.applySignPut(&s) })
	return h.sign(ctx, bitSignPut, key, s, wrong)
}

func (h *granted) SignPost(ctx context.Context, key string, p PostPolicy) (Signed, error) {
	return h.sign(ctx, bitSignPost, key, Signing{
		Op: "SignPost", TTL: p.TTL, Attributes: p.Attributes, Length: -1,
		MinSize: p.MinSize, MaxSize: p.MaxSize, ContentTypePrefix: p.ContentTypePrefix,
	}, nil)
}

func (h *granted) sign(ctx context.Context, bit datastore.Bit, key string, s Signing, wrong error) (signed Signed, err error) {
	err = h.run(ctx, bit, datastore.ErrUnavailable, []string{key}, func() error {
		if wrong != nil {
			return wrong
		}
		if err := h.checkCondition(s.If); err != nil {
			return err
		}
		return s.check(key)
	}, func(ctx context.Context, conn Conn) (err error) {
		signed, err = conn.Sign(ctx, key, s)
		return err
	})
	if err != nil {
		return Signed{}, err
	}
	return signed, nil
}
