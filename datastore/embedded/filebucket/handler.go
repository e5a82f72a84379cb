package filebucket

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// Handler serves the signed requests of the buckets that the Data declare, and
// makes signing possible: base is the URL at which the caller mounts it, such as
// "http://127.0.0.1:8080/_blob". The handler sees whole paths, so do not strip the
// prefix, nor let a mux clean paths before: "a//b" is a key. The Host of requests
// must be base's, which is signed too.
//
// It answers like S3: errors as XML, ranges, conditions, and browsers' questions
// (CORS) for the origins of [blob.Origins]. What is not signed is refused.
func (d *Driver) Handler(base string, data ...*datastore.Data) (http.Handler, error) {
	u, err := url.Parse(strings.TrimSuffix(base, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" {
		return nil, fmt.Errorf("base URL %q: write a scheme, a host and a path", base)
	}
	d.signer.mu.Lock()
	d.signer.base = u
	d.signer.mu.Unlock()
	return &server{d, u.Path, data}, nil
}

// server serves signed requests.
type server struct {
	driver *Driver
	prefix string
	data   []*datastore.Data
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, key, err := s.find(r)
	if err != nil {
		answerError(w, err)
		return
	}
	if b.preflight(w, r) {
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		err = b.serveGet(w, r, key)
	case http.MethodPut:
		err = b.servePut(w, r, key)
	case http.MethodPost:
		err = b.servePost(w, r, key)
	default:
		err = &failure{http.StatusMethodNotAllowed, "MethodNotAllowed", "signed requests are GET, HEAD, PUT and POST"}
	}
	if err != nil {
		answerError(w, err)
	}
}

// find is the bucket and the key of a path: /BASE/NAMESPACE:NAME/KEY.
func (s *server) find(r *http.Request) (*bucket, string, error) {
	none := &failure{http.StatusNotFound, "NoSuchBucket", "there is no such bucket"}
	rest, ok := strings.CutPrefix(r.URL.Path, s.prefix+"/")
	place, key, _ := strings.Cut(rest, "/")
	namespace, name, named := strings.Cut(place, ":")
	if !ok || !named {
		return nil, "", none
	}
	for _, data := range s.data {
		if data.Namespace() != namespace {
			continue
		}
		for _, spec := range data.Specs() {
			if own, ok := spec.(blob.Spec); ok && own.Logical == name {
				conn, err := s.driver.OpenBucket(r.Context(), data, own)
				if err != nil {
					return nil, "", err
				}
				return conn.(*bucket), key, nil
			}
		}
	}
	return nil, "", none
}

// signed checks a request that is signed in its query, for a key that the bucket
// can have.
func (b *bucket) signed(r *http.Request, key string) (url.Values, error) {
	_, secret, err := b.driver.ready()
	if err != nil {
		return nil, err
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, denied(errSignature)
	}
	if err := verify(r, query, secret, b.data.Now()); err != nil {
		return nil, denied(err)
	}
	if !blob.ValidKey(key) {
		return nil, &failure{http.StatusBadRequest, "InvalidURI", "the key is none"}
	}
	return query, nil
}

// failure is an error as S3 answers it.
type failure struct {
	status  int
	code    string
	message string
}

func (f *failure) Error() string { return f.code + ": " + f.message }

func denied(err error) error {
	if err == errSignature {
		return &failure{http.StatusForbidden, "SignatureDoesNotMatch", err.Error()}
	}
	return &failure{http.StatusForbidden, "AccessDenied", err.Error()}
}

// failureOf is what is answered to an error.
func failureOf(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	e, ok := errors.AsType[*datastore.Error](err)
	if !ok {
		return &failure{http.StatusInternalServerError, "InternalError", "something failed"}
	}
	switch e.Kind {
	case datastore.ErrNotFound:
		return &failure{http.StatusNotFound, "NoSuchKey", "there is no such object"}
	case datastore.ErrConflict:
		return &failure{http.StatusPreconditionFailed, "PreconditionFailed", "a condition does not hold"}
	case datastore.ErrTooLarge:
		return &failure{http.StatusBadRequest, "EntityTooLarge", "the content is larger than was signed"}
	case datastore.ErrInvalid:
		switch e.Code {
		case "MetadataTooLarge":
			return &failure{http.StatusBadRequest, e.Code, "the headers that are stored with the object are too large"}
		case "InvalidRange":
			return &failure{http.StatusRequestedRangeNotSatisfiable, e.Code, "the range lies behind the object"}
		}
		return &failure{http.StatusBadRequest, "IncompleteBody", "the content could not be read"}
	}
	return &failure{http.StatusInternalServerError, "InternalError", "something failed"}
}

func answerError(w http.ResponseWriter, err error) {
	f := failureOf(err)
	body, _ := xml.Marshal(struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}{Code: f.code, Message: f.message})
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(f.status)
	_, _ = w.Write(append([]byte(xml.Header), body...))
}
