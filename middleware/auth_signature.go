package middleware

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// SignatureScheme is how a service signs the requests that it sends: [GitHub], [Slack],
// [StandardWebhooks], [Stripe], or one that is written here.
type SignatureScheme struct {
	// Name of the service: the [handler.Caller].ID of its requests.
	Name string
	// Read takes the signature out of a request. ok is false if there is none; an error
	// is why it cannot be one. It compares nothing.
	Read func(req *handler.Request, body []byte) (sig Signature, ok bool, err error)
	// Key is the key of the HMAC that a secret stands for. Default: the text's bytes.
	Key func(secret secret.Text) ([]byte, error)
	// Hash of the HMAC. Default sha256.New.
	Hash func() hash.Hash
}

// Signature is what a request has to say for itself.
type Signature struct {
	// Signed is what was signed, in parts that follow each other. The body is in it as
	// it came.
	Signed [][]byte
	// MACs are the HMACs that came with the request, of which one must be right: a
	// service whose secret is being changed sends several. Those after the 16th do not
	// count.
	MACs [][]byte
	// Time at which it was signed, which is part of what was signed; zero if the scheme
	// has none.
	Time time.Time
}

// maxMACs of one request are looked at.
const maxMACs = 16

// SigningSecrets gives the secrets of which one must have been used, the likeliest
// first. It must be safe for concurrent use. See [StaticSigningSecrets] and
// [RotatedSigningSecret].
type SigningSecrets func(ctx context.Context) ([]secret.Text, error)

// SignedOptions changes what [Signed] does. The zero value of each field is its default.
type SignedOptions struct {
	// Tolerance is how old a signature may be, and how far in the future, where the
	// scheme signs the time. Default 5 minutes.
	Tolerance time.Duration
	// Nonces remember which requests came, so that none is taken twice: see
	// [CacheNonces] and [TableNonces]. Default: a request that is sent again within the
	// Tolerance is taken again, and where the scheme has no time, for ever.
	Nonces Nonces
	// Keep is how long they remember. Default: as long as the signature is accepted;
	// 24 hours where the scheme has no time.
	Keep time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Signed lets in requests that a service has signed with a secret that it shares with
// us: webhooks.
//
//	no signature                              401, code "unauthenticated"
//	a signature that is wrong or too old      401, code "invalid_signature"
//	a request that was taken already          409, code "replayed"
//
// What was signed is the body as it was sent, so it belongs outside of what changes
// bodies. It is for routes of their own: behind it everybody is the service, by
// [SignatureScheme].Name. HMACs are compared in constant time, all with all.
//
// # Requests that come again
//
// Services send a webhook again until it is answered with 2xx. With
// [SignedOptions].Nonces a request whose handler fails, or answers 400 and more, is
// forgotten, so that it may come again; of a function that dies it is remembered. To
// give the same answer once more, and not 409, put [Once] inside of Signed instead, with
// the id of the delivery for a key.
//
// opts may be nil. Panics with a [*datastore.DeclarationError] if the scheme has no Name
// or Read, there are no secrets, or a time is negative.
func Signed(scheme SignatureScheme, secrets SigningSecrets, opts *SignedOptions) handler.Middleware {
	s := &signed{scheme: scheme, secrets: secrets}
	if opts != nil {
		s.SignedOptions = *opts
	}
	switch {
	case scheme.Name == "" || scheme.Read == nil:
		misdeclared("Signed: the scheme has no Name or no Read; use GitHub, Slack, StandardWebhooks or Stripe, or fill them in")
	case secrets == nil:
		misdeclared("Signed: there are no secrets; give it StaticSigningSecrets or RotatedSigningSecret")
	case s.Tolerance < 0 || s.Keep < 0:
		misdeclared("Signed: Tolerance is %v and Keep %v; they cannot be negative", s.Tolerance, s.Keep)
	}
	if s.Tolerance == 0 {
		s.Tolerance = 5 * time.Minute
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.scheme.Key == nil {
		s.scheme.Key = func(text secret.Text) ([]byte, error) { return []byte(text), nil }
	}
	if s.scheme.Hash == nil {
		s.scheme.Hash = sha256.New
	}
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			return s.handle(ctx, req, next)
		})
	}
}

type signed struct {
	SignedOptions
	scheme  SignatureScheme
	secrets SigningSecrets
}

func (s *signed) handle(ctx context.Context, req *handler.Request, next handler.Handler) (*handler.Response, error) {
	body, err := req.Body()
	if err != nil {
		return nil, err
	}
	sig, ok, err := s.scheme.Read(req, body)
	switch {
	case err != nil:
		return nil, invalidSignature(err)
	case !ok:
		return nil, unauthenticated("unauthenticated", "this takes requests that are signed", "Signature")
	}
	if err := s.verify(ctx, &sig); err != nil {
		return nil, err
	}
	caller := handler.Caller{Kind: handler.CallerSignature, ID: s.scheme.Name}
	ctx, req = identified(ctx, caller.ID), req.WithCaller(caller)
	if s.Nonces == nil {
		return next.Handle(ctx, req)
	}
	return s.once(ctx, req, &sig, next)
}

var (
	errWrongSignature = errors.New("signature: it was made with none of the secrets, or of something else")
	errSignatureTime  = errors.New("signature: its time is too far from now")
)

func invalidSignature(cause error) error {
	return unauthenticated("invalid_signature", "the signature is not accepted", "Signature").Wrap(cause)
}

// verify wants one of the HMACs to be made with one of the secrets, and not long ago.
func (s *signed) verify(ctx context.Context, sig *Signature) error {
	secrets, err := s.secrets(ctx)
	if err != nil {
		return unverifiable(fmt.Errorf("secrets of %s: %w", s.scheme.Name, err))
	}
	right := false
	for _, text := range secrets {
		key, err := s.scheme.Key(text)
		if err != nil || len(key) == 0 { // with an empty key, everybody could sign
			return unverifiable(fmt.Errorf("secrets of %s: one is empty or not of the form that the scheme has", s.scheme.Name))
		}
		right = s.made(key, sig) || right
	}
	if !right {
		return invalidSignature(errWrongSignature)
	}
	if age := s.Now().Sub(sig.Time); !sig.Time.IsZero() && (age > s.Tolerance || age < -s.Tolerance) {
		return invalidSignature(errSignatureTime)
	}
	return nil
}

// made reports whether one of the HMACs is made with the key. They are all compared.
func (s *signed) made(key []byte, sig *Signature) bool {
	mac := hmac.New(s.scheme.Hash, key)
	for _, part := range sig.Signed {
		mac.Write(part)
	}
	var room [64]byte
	want, right := mac.Sum(room[:0]), false
	for _, got := range sig.MACs[:min(len(sig.MACs), maxMACs)] {
		right = hmac.Equal(got, want) || right
	}
	return right
}

// StaticSigningSecrets are secrets that the program has, such as those of its
// environment. Panics with a [*datastore.DeclarationError] if there is none, or an empty
// one.
func StaticSigningSecrets(secrets ...secret.Text) SigningSecrets {
	if len(secrets) == 0 {
		misdeclared("StaticSigningSecrets: there is no secret")
	}
	for i, s := range secrets {
		if s == "" {
			misdeclared("StaticSigningSecrets: secret %d is empty", i+1)
		}
	}
	secrets = slices.Clone(secrets)
	return func(context.Context) ([]secret.Text, error) { return secrets, nil }
}

// takenBefore is the answer to a request that comes again.
func takenBefore() error {
	return &handler.Error{Status: http.StatusConflict, Code: "replayed", Message: "this request was taken before", Err: errReplayed}
}

var errReplayed = errors.New("signature: a request with it was taken before")
