//go:build !lambda.norpc

package run

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// controlName is the file in the folder of the data by which commands find the serve
// that runs on it. Only its owner can read it.
const controlName = "serve.json"

// maxControl is how large a request and an answer of a control may be: the largest
// record in base64, and what is said beside it.
const maxControl = 16 << 20

// controlTime is how long a command waits for a serve, unless its context says.
const controlTime = 30 * time.Second

// control is the door by which other commands of the program reach the serve that runs
// on the same data: HTTP on 127.0.0.1, for those who know the token in a file of
// the folder of the data.
type control struct {
	listener net.Listener
	path     string // of the file
	found    controlFile
	actions  map[string]func(context.Context, []byte) (any, error)
}

// controlFile is how a serve is found.
type controlFile struct {
	App     string `json:"app"`
	Address string `json:"address"`
	Token   string `json:"token"`
}

// newControl listens for commands of the app. Nobody finds it before publish.
func newControl(app, dir string) (*control, error) {
	var token [32]byte
	if _, err := rand.Read(token[:]); err != nil {
		return nil, fmt.Errorf("listen for commands: %w", err)
	}
	listener, err := local.Listen(0)
	if err != nil {
		return nil, err
	}
	return &control{
		listener: listener, path: filepath.Join(dir, controlName),
		found:   controlFile{app, listener.Addr().String(), hex.EncodeToString(token[:])},
		actions: map[string]func(context.Context, []byte) (any, error){},
	}, nil
}

// on has a command done: do is given what [controlled] sent, and its answer goes back.
func on[In, Out any](c *control, action string, do func(context.Context, In) (Out, error)) {
	c.actions["/"+action] = func(ctx context.Context, body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, fmt.Errorf("read the command: %w", err)
		}
		return do(ctx, in)
	}
}

// publish writes the file, which takes the place of one that a serve has left behind.
func (c *control) publish() error {
	text, err := json.Marshal(c.found)
	if err != nil {
		return err
	}
	next := c.path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("listen for commands: %w", err)
	}
	// A file that was not there before has no rights but these.
	file, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("listen for commands: %w", err)
	}
	_, err = file.Write(text)
	if err := errors.Join(err, file.Close(), os.Rename(next, c.path)); err != nil {
		return fmt.Errorf("listen for commands: %w", err)
	}
	return nil
}

// withdraw removes the file, if it is still this one's.
func (c *control) withdraw() {
	if now, err := readControl(c.path); err == nil && now == c.found {
		_ = os.Remove(c.path) // one that is left behind is taken for what it is
	}
}

// ServeHTTP does one command. Whoever does not know the token learns nothing.
func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := []byte(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if subtle.ConstantTimeCompare(token, []byte(c.found.Token)) != 1 || r.Host != c.found.Address {
		http.Error(w, "the token is not that of "+controlName, http.StatusForbidden)
		return
	}
	do := c.actions[r.URL.Path]
	if do == nil || r.Method != http.MethodPost {
		http.Error(w, "the serve that runs does not know this command; it is of another version of the program: start it anew", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControl))
	if err != nil {
		http.Error(w, "read the command: "+err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	answer, err := do(r.Context(), body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // who asked is gone otherwise
}

func readControl(path string) (found controlFile, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return found, err
	}
	return found, json.Unmarshal(text, &found)
}

// controlled has the serve of app that runs on the data of dir do a command.
func controlled[Out, In any](ctx context.Context, app, dir, action string, in In) (out Out, err error) {
	found, err := readControl(filepath.Join(dir, controlName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return out, notServed(dir)
	case err != nil:
		return out, fmt.Errorf("find the serve that runs: %w", err)
	case found.App != app:
		return out, fmt.Errorf("app %s serves with the data of %s, and not %s; name the folder of the data with -dir", found.App, dir, app)
	}
	body, err := json.Marshal(in)
	if err != nil {
		return out, err
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, controlTime)
		defer cancel()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+found.Address+"/"+action, bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	req.Header.Set("Authorization", "Bearer "+found.Token)
	answer, err := exchange(req)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(answer, &out)
}

// serves reports whether a serve of app runs on the data of dir. One that has ended
// without removing its file does not.
func serves(app, dir string) bool {
	found, err := readControl(filepath.Join(dir, controlName))
	if err != nil || found.App != app {
		return false
	}
	c, err := net.DialTimeout("tcp", found.Address, time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// notServed says that nothing runs which has the messages.
func notServed(dir string) error {
	return fmt.Errorf("no serve runs with the data of %s; start it with go run . serve, or name its folder with -dir", dir)
}

// exchange sends a command, past any proxy, and reads the answer.
func exchange(req *http.Request) ([]byte, error) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("the serve that runs does not answer: %w; if it has ended, start it again with go run . serve", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxControl))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer of the serve that runs: %w", err)
	case resp.StatusCode != http.StatusOK:
		return nil, errors.New(strings.TrimSpace(string(answer)))
	}
	return answer, nil
}
