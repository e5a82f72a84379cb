package local

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// SiteAPI is an API behind a [Site] of this machine.
type SiteAPI struct {
	Gateway http.Handler
	Host    string // the gateway's own: "127.0.0.1:8080"
}

// Site serves a static website from a folder as CloudFront and S3 would: with its
// headers, its rule for pages, and its APIs below their paths. It is an http.Handler at
// the root, safe for concurrent use. The folder is looked at for each request, so it may
// be built anew, and away, at any time.
//
// What differs from AWS, on purpose: nothing is compressed, nothing is kept on the way,
// and there is plain HTTP.
//
// See https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html.
type Site struct {
	site    *tier.Site
	folder  string
	headers []tier.SiteHeader
	apis    []reachedAPI
}

// reachedAPI is an API and the paths by which it is reached.
type reachedAPI struct {
	path, stage string
	SiteAPI
}

var _ http.Handler = (*Site)(nil)

// NewSite makes the server of a site from a folder of this machine. apis has each of
// its APIs; the error says which is missing.
func NewSite(site *tier.Site, folder string, apis map[*tier.API]SiteAPI) (*Site, error) {
	s := &Site{site: site, folder: folder, headers: site.Headers()}
	for _, a := range site.APIs() {
		behind, ok := apis[a.API]
		if !ok {
			return nil, errors.New("site " + site.Name() + ": API " + a.API.Name() + " is not served as a whole, which it is below " + a.Path + "; serve it behind rest or http")
		}
		stage := ""
		if name := a.API.DeployedStages()[0].Name; a.API.DeclaresStages() && name != tier.RootStage {
			stage = "/" + name
		}
		s.apis = append(s.apis, reachedAPI{a.Path, stage, behind})
	}
	return s, nil
}

// ServeHTTP answers with a file, or hands the request to an API.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	uri := r.URL.EscapedPath()
	for _, a := range s.apis {
		if strings.HasPrefix(uri, a.path+"/") {
			a.serve(w, r, strings.TrimPrefix(uri, a.path))
			return
		}
	}
	for _, h := range s.headers {
		w.Header().Set(h.Name, h.Value)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		refuseFile(w, http.StatusForbidden, "a site takes GET and HEAD requests; others are for its APIs\n")
		return
	}
	s.serveFile(w, r, s.site.Object(r.Method, uri, strings.Join(r.Header.Values("Accept"), ", ")))
}

// serve hands a request on as CloudFront does: the path without that of the API, behind
// the stage, and the host of the API.
func (a reachedAPI) serve(w http.ResponseWriter, r *http.Request, rest string) {
	path, err := url.PathUnescape(a.stage + rest)
	if err != nil {
		refuseFile(w, http.StatusBadRequest, "the path is not percent-encoded\n")
		return
	}
	forwarded := r.Clone(r.Context())
	forwarded.Host, forwarded.URL.Path, forwarded.URL.RawPath = a.Host, path, a.stage+rest
	a.Gateway.ServeHTTP(w, forwarded)
}

func (s *Site) serveFile(w http.ResponseWriter, r *http.Request, uri string) {
	root, err := os.OpenRoot(filepath.FromSlash(s.folder))
	if err != nil {
		refuseFile(w, http.StatusNotFound, "site "+s.site.Name()+": there is no folder "+s.folder+"; build the site\n")
		return
	}
	defer root.Close()
	key, err := url.PathUnescape(strings.TrimPrefix(uri, "/"))
	if file := s.openFile(root, key); err == nil && file != nil {
		defer file.Close()
		s.answer(w, r, key, file)
		return
	}
	s.missing(w, r, root)
}

// openFile is a file that a site serves, nil if there is none. Nothing outside of the
// folder is one, by whatever path or link.
func (s *Site) openFile(root *os.Root, key string) *os.File {
	if !fs.ValidPath(key) || !s.site.Serves(key) {
		return nil
	}
	name := filepath.FromSlash(key)
	if info, err := root.Stat(name); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	file, err := root.Open(name)
	if err != nil {
		return nil
	}
	return file
}

// answer sends a file with the ETag that S3 would give it, whole, in part, or not at all
// if the client has it.
func (s *Site) answer(w http.ResponseWriter, r *http.Request, key string, file *os.File) {
	info, err := file.Stat()
	sum := md5.New() // which S3 takes, and no secret depends on it
	if err == nil {
		_, err = io.Copy(sum, file)
	}
	if err != nil {
		refuseFile(w, http.StatusInternalServerError, "the file cannot be read\n")
		return
	}
	h := w.Header()
	h.Set("ETag", strconv.Quote(hex.EncodeToString(sum.Sum(nil))))
	h.Set("Content-Type", ContentType(key))
	h.Set("Cache-Control", s.site.CacheControl(key))
	http.ServeContent(w, r, key, info.ModTime(), file)
}

// missing answers that there is no file: with the page for that, or as S3 does.
func (s *Site) missing(w http.ResponseWriter, r *http.Request, root *os.Root) {
	body, contentType := []byte(noSuchKey), "application/xml"
	if page := s.site.Options().NotFound; page != "" {
		if file := s.openFile(root, page); file != nil {
			defer file.Close()
			if text, err := io.ReadAll(file); err == nil {
				body, contentType = text, ContentType(page)
				w.Header().Set("Cache-Control", s.site.CacheControl(page))
			}
		}
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusNotFound)
	if r.Method != http.MethodHead {
		_, _ = io.Copy(w, bytes.NewReader(body)) // a client that is gone wants none
	}
}

// noSuchKey is what S3 says of an object that is not there, without its ids.
const noSuchKey = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>`

func refuseFile(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // a client that is gone wants none
}
