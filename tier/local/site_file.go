package local

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// SiteFile is a file of a site as S3 has it.
type SiteFile struct {
	Key          string // "assets/app-3f9ac1.js"
	ContentType  string
	CacheControl string
	Page         bool // it comes after what it refers to
}

// SiteFiles are the files of a site in a folder of this machine, in order of their
// keys: all that [tier.Site.Serves] lets through. The error says what keeps the folder from
// being a site: it is not there, it has no index.html or not the page of NotFound, or a
// link out of it.
func SiteFiles(site *tier.Site, folder *os.Root) ([]SiteFile, error) {
	var files []SiteFile
	err := fs.WalkDir(folder.FS(), ".", func(key string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case key == ".":
			return nil
		case !site.Serves(key):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		}
		info, err := folder.Stat(key) // of what a link leads to, which must be in the folder
		if err != nil || !info.Mode().IsRegular() {
			return fmt.Errorf("site %s: %s is no file of %s; copy what it is a link to", site.Name(), key, folder.Name())
		}
		files = append(files, SiteFile{key, ContentType(key), site.CacheControl(key), site.Page(key)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, needed := range []string{"index.html", site.Options().NotFound} {
		if needed == "" {
			continue
		}
		if info, err := folder.Stat(needed); err != nil || !info.Mode().IsRegular() {
			return nil, fmt.Errorf("site %s: there is no %s in %s; build the site, or name its folder", site.Name(), needed, folder.Name())
		}
	}
	return files, nil
}

// contentTypes of files by their endings, the same on every machine.
//
// See https://www.iana.org/assignments/media-types/media-types.xhtml.
var contentTypes = map[string]string{
	"avif": "image/avif", "bmp": "image/bmp", "css": "text/css; charset=utf-8", "csv": "text/csv; charset=utf-8", "eot": "application/vnd.ms-fontobject",
	"gif": "image/gif", "gz": "application/gzip", "htm": "text/html; charset=utf-8", "html": "text/html; charset=utf-8", "ico": "image/x-icon",
	"ics": "text/calendar; charset=utf-8", "jpeg": "image/jpeg", "jpg": "image/jpeg", "js": "text/javascript; charset=utf-8", "json": "application/json", "jsonld": "application/ld+json",
	"m4a": "audio/mp4", "map": "application/json", "md": "text/markdown; charset=utf-8", "mjs": "text/javascript; charset=utf-8", "mp3": "audio/mpeg",
	"mp4": "video/mp4", "oga": "audio/ogg", "ogg": "audio/ogg", "ogv": "video/ogg", "otf": "font/otf", "pdf": "application/pdf", "png": "image/png",
	"rss": "application/rss+xml", "atom": "application/atom+xml", "svg": "image/svg+xml", "ttf": "font/ttf", "txt": "text/plain; charset=utf-8", "vtt": "text/vtt; charset=utf-8",
	"wasm": "application/wasm", "wav": "audio/wav", "webm": "video/webm", "webmanifest": "application/manifest+json", "webp": "image/webp",
	"woff": "font/woff", "woff2": "font/woff2", "xhtml": "application/xhtml+xml", "xml": "application/xml", "zip": "application/zip",
}

// ContentType of a file of a site, by the ending of its key; application/octet-stream if
// nothing is known. Text is UTF-8.
func ContentType(key string) string {
	if name := path.Base(key); name == "apple-app-site-association" {
		return "application/json"
	}
	if known := contentTypes[strings.ToLower(strings.TrimPrefix(path.Ext(key), "."))]; known != "" {
		return known
	}
	return "application/octet-stream"
}
