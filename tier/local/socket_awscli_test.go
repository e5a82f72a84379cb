package local_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/seed-18e8afb5/tierkit/tier/local"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// awsCLI runs apigatewaymanagementapi of the AWS CLI against @connections, as
// somebody, and returns what it prints and what it complains of.
func awsCLI(t *testing.T, cli, socket string, keys sigv4.Credentials, command, id string, more ...string) (stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), cli, append([]string{"--endpoint-url", "http" + strings.TrimPrefix(socket, "ws") + "/live",
		"apigatewaymanagementapi", command, "--connection-id=" + id}, more...)...) // an id may begin with "-"
	cmd.Dir = t.TempDir()
	// No settings of whoever runs the test: no profile, no proxy, no other region.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "AWS_ACCESS_KEY_ID=" + keys.AccessKey, "AWS_SECRET_ACCESS_KEY=" + keys.Secret,
		"AWS_DEFAULT_REGION=eu-central-1", "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "AWS_DEFAULT_OUTPUT=json"}
	if keys.SessionToken != "" {
		cmd.Env = append(cmd.Env, "AWS_SESSION_TOKEN="+keys.SessionToken)
	}
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil && complaint.Len() == 0 {
		t.Fatalf("aws %s: %v", command, err)
	}
	return out.String(), complaint.String()
}

// TestManageAWSCLI is WSK-12: the AWS CLI posts to a connection, reads its state
// and ends it, signed and allowed.
func TestManageAWSCLI(t *testing.T) {
	t.Parallel()
	cli := os.Getenv("TIERKIT_TEST_AWS")
	if cli == "" {
		missing(t, "TIERKIT_TEST_AWS is not set: not run against the AWS CLI")
	}
	// Both versions of the CLI send a file as it is.
	file := filepath.Join(t.TempDir(), "message")
	if err := os.WriteFile(file, []byte("hello \u20ac"), 0o600); err != nil {
		t.Fatal(err)
	}
	data := "fileb://" + file
	server, _ := chat(t, &local.SocketOptions{Identities: liveCallers(t, mayConnect("Allow", "ManageConnections", "*/@connections/*"))}, tellID)
	c := dialSocket(t, server, nil)
	sendText(t, c, "id?")
	id := receive(t, c)
	ada, session := liveKeys()[0], liveKeys()[1]

	if _, complaint := awsCLI(t, cli, server, strangerKeys, "post-to-connection", id, "--data", data); !strings.Contains(complaint, "security token included in the request is invalid") {
		t.Errorf("a stranger: %s", complaint)
	}
	if _, complaint := awsCLI(t, cli, server, foreignKeys, "post-to-connection", id, "--data", data); !strings.Contains(complaint, "execute-api:ManageConnections") {
		t.Errorf("not allowed: %s", complaint)
	}
	if _, complaint := awsCLI(t, cli, server, session, "post-to-connection", id, "--data", data); complaint != "" {
		t.Errorf("post-to-connection: %s", complaint)
	}
	if got := receive(t, c); got != "hello \u20ac" {
		t.Errorf("the client received %q", got)
	}
	stdout, complaint := awsCLI(t, cli, server, ada, "get-connection", id)
	var state struct {
		ConnectedAt string
		Identity    struct{ SourceIP string }
	}
	if err := json.Unmarshal([]byte(stdout), &state); err != nil || state.Identity.SourceIP != "127.0.0.1" || state.ConnectedAt == "" {
		t.Errorf("get-connection: %s %s, %v", stdout, complaint, err)
	}
	if _, complaint := awsCLI(t, cli, server, ada, "delete-connection", id); complaint != "" {
		t.Errorf("delete-connection: %s", complaint)
	}
	wantClose(t, c, websocket.StatusNormalClosure)
	if _, complaint := awsCLI(t, cli, server, ada, "get-connection", id); !strings.Contains(complaint, "GoneException") {
		t.Errorf("after the end: %s", complaint)
	}
}
