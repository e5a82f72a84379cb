// Package blob is the store of objects: an Amazon S3 bucket in AWS, a folder or
// memory elsewhere.
//
//	type files interface { // what this function may do, and no more
//		blob.Getter
//		blob.Putter
//		blob.Lister
//	}
//
//	store := datastore.Use[files](api, blob.New(data, "files").Under("in/"))
//	info, err := store.Put(ctx, "in/cat.jpg", body, blob.ContentType("image/jpeg"), blob.Absent())
//	if errors.Is(err, datastore.ErrConflict) {
//		// somebody was first
//	}
//	object, err := store.Get(ctx, "in/cat.jpg")
//	if err == nil {
//		defer object.Close()
//		_, err = io.Copy(w, object)
//	}
//
// # Keys
//
// A key is 1 to 1024 bytes of UTF-8. All of Unicode is taken, with these
// exceptions, which are [datastore.ErrInvalid] on every driver: control
// characters, which no listing can hold; and the segments "." and ".." between
// slashes, which browsers and proxies resolve. "a//b", "/a" and "a/" are keys
// like others, and "/" has no meaning but in [Query].Delimiter and [Bucket.Under].
//
// # Scope
//
// [Bucket.Under] narrows a store to the keys below a prefix: the handle and the
// role's policy alike. Keys stay whole, so that a key means the same object to
// every function; one outside the prefix is [datastore.ErrDenied].
//
// # Missing objects
//
// S3 tells a function that an object is missing only if it may list the bucket;
// without, a missing object is denied, like one it may not read. So it is here:
// a handle without [Lister] answers [datastore.ErrDenied] where one with it
// answers [datastore.ErrNotFound], on every driver.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
//
// # Outcomes
//
//	a missing object                                   datastore.ErrNotFound; ErrDenied without Lister
//	Absent() of an object that is there                datastore.ErrConflict; nothing was written
//	IfMatch() of an object that is another, or gone    datastore.ErrConflict; nothing was written
//	IfNoneMatch() of the object that was asked for     Object.NotModified, no error
//	a range behind the object's end                    datastore.ErrInvalid
//	a body cut short on its way                        an error of Read, never a short object
//	a write whose answer was lost for good             datastore.ErrUnknown
//	an operation or a key the function was not granted datastore.ErrDenied; nothing was sent
//
// Everything here but [Object] is safe for concurrent use.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
package blob

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Bucket is a declared store of objects, whole or [Bucket.Under] a prefix. It is
// used through the handles that [datastore.Use] makes of it.
type Bucket struct {
	state *handle.State[Conn]
	spec  Spec
	err   error // the mistake in the scope
}

var _ datastore.Store = (*Bucket)(nil)

// New declares the bucket called name. Nothing is opened before the first
// operation. Panics with a [*datastore.DeclarationError] if data is nil.
func New(data *datastore.Data, name string, opts ...Option) *Bucket {
	spec := Spec{Logical: name}
	var errs []error
	wrong := handle.Apply(opts, func(o Option) {
		if err := o.applyBucket(&spec); err != nil {
			errs = append(errs, err)
		}
	})
	if wrong != nil {
		errs = append(errs, fmt.Errorf("bucket %s: %w", name, wrong))
	}
	state := handle.New(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
		return driver.OpenBucket(ctx, data, spec)
	}, errs...)
	return &Bucket{state: state, spec: spec}
}

// Under is the part of the bucket whose keys begin with prefix: "in/". The prefix
// must end in "/", since "in" would also be the beginning of "inbox/", and must
// not have "*", "?" or "$", which IAM reads as patterns. That of an Under of an
// Under is whole too: New(...).Under("in/").Under("in/today/").
func (b *Bucket) Under(prefix string) *Bucket {
	under := &Bucket{state: b.state, spec: b.spec, err: b.err}
	if err := checkScope(b.spec, prefix); err != nil {
		under.err = b.state.Data.Mistake(err)
		return under
	}
	under.spec.Prefix = prefix
	return under
}

func checkScope(spec Spec, prefix string) error {
	name := fmt.Sprintf("bucket %s: Under(%q)", spec.Logical, prefix)
	switch {
	case !strings.HasSuffix(prefix, "/"):
		return fmt.Errorf("%s: write Under(%q), with the slash at its end: %q would be the beginning of other names too", name, prefix+"/", prefix)
	case strings.ContainsAny(prefix, "*?$"):
		return fmt.Errorf("%s: IAM reads *, ? and $ as patterns; name the prefix otherwise", name)
	case !strings.HasPrefix(prefix, spec.Prefix):
		return fmt.Errorf("%s: does not lie under %q; write the whole prefix", name, spec.Prefix)
	}
	if err := checkKey(prefix); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Spec is a [Spec].
func (b *Bucket) Spec() datastore.Spec { return b.spec }

// Capabilities are [Getter], [Stater], [Putter], [Deleter], [ManyDeleter],
// [Lister], [Copier], [GetSigner], [PutSigner] and [PostSigner].
func (b *Bucket) Capabilities() []datastore.Capability { return capabilities }

// Handle is for [datastore.Use].
func (b *Bucket) Handle(g *datastore.Grant) any { return &granted{b, g} }

// Option is an option of [New].
type Option interface{ applyBucket(*Spec) error }

type encrypted struct{ key datastore.Key }

// EncryptedBy declares that objects are encrypted with a key of the application's
// own, in place of those that S3 keeps. Who reads or writes them, or signs a URL that
// does, is granted kms:Decrypt or kms:GenerateDataKey on it, through S3 alone.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
func EncryptedBy(key datastore.Key) Option { return encrypted{key} }

func (o encrypted) applyBucket(s *Spec) (err error) {
	if s.Key, err = datastore.KeyVia(o.key, "s3"); err != nil {
		return fmt.Errorf("bucket %s: %w", s.Logical, err)
	}
	return nil
}

type origins []string

// Origins are the web origins, such as "https://app.example", whose pages may use
// signed URLs of the bucket: browsers ask the bucket for leave (CORS). "*" is
// every origin. Without, pages can use none.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
func Origins(list ...string) Option { return origins(list) }

func (o origins) applyBucket(s *Spec) error {
	for _, origin := range o {
		scheme, host, ok := strings.Cut(origin, "://")
		if origin != "*" && (!ok || scheme != "http" && scheme != "https" || host == "" || strings.ContainsAny(host, "/ \n?#@")) {
			return fmt.Errorf("bucket %s: origin %q: write a scheme and a host, such as \"https://app.example\", without a path", s.Logical, origin)
		}
	}
	s.Origins = strings.Join(o, " ")
	return nil
}
