package run_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// moto is an independent server of AWS's services.
type moto struct{ url string }

func motoServer(t *testing.T) moto {
	t.Helper()
	return moto{serverURL(t, "TIERKIT_TEST_MOTO")}
}

// serverURL is the address of an independent server. Without one the test says what
// it skips, or fails where servers are required.
func serverURL(t *testing.T, variable string) string {
	t.Helper()
	url := strings.TrimRight(os.Getenv(variable), "/")
	if url == "" && os.Getenv("TIERKIT_TEST_SERVERS") == "require" {
		t.Fatalf("%s is not set and TIERKIT_TEST_SERVERS is require", variable)
	}
	if url == "" {
		t.Skipf("%s is not set: not tried on that server", variable)
	}
	return url
}

// env is how a program reaches it: its services by one variable each, by default all
// by one.
func (m moto) env(services ...string) []string {
	env := []string{
		"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}
	if len(services) == 0 {
		return append(env, "AWS_ENDPOINT_URL="+m.url)
	}
	for _, s := range services {
		env = append(env, "AWS_ENDPOINT_URL_"+s+"="+m.url)
	}
	return env
}

func (m moto) config() aws.Config {
	return aws.Config{Region: "eu-west-1", BaseEndpoint: &m.url, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
}

// secret makes a secret of a name of its own, and returns its ARN.
func (m moto) secret(t *testing.T, name, value string) string {
	t.Helper()
	made, err := secretsmanager.NewFromConfig(m.config()).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: new(unique(name)), SecretString: &value,
	})
	if err != nil {
		t.Fatal(err)
	}
	return *made.ARN
}

// unique is a name that no other run has.
func unique(name string) string { return name + "-" + strconv.FormatInt(time.Now().UnixNano(), 36) }

// TestServePantryAWS: with -data aws the stores are those that the variables name, on the
// server that the SDK's endpoint variable names.
func TestServePantryAWS(t *testing.T) {
	t.Parallel()
	m := motoServer(t)
	for name, env := range map[string][]string{
		"one endpoint":             m.env(),
		"an endpoint each service": m.env("S3", "SQS", "SNS", "SECRETS_MANAGER"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m.servePantry(t, env)
		})
	}
}

func (m moto) servePantry(t *testing.T, env []string) {
	queues, topics, buckets := sqs.NewFromConfig(m.config()), sns.NewFromConfig(m.config()),
		s3.NewFromConfig(m.config(), func(o *s3.Options) { o.UsePathStyle = true })
	jobs, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: new(unique("jobs"))})
	if err != nil {
		t.Fatal(err)
	}
	news, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: new(unique("news"))})
	if err != nil {
		t.Fatal(err)
	}
	bucket := unique("photos")
	if _, err := buckets.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: &bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"},
	}); err != nil {
		t.Fatal(err)
	}
	p := servePantry(t, t.TempDir(), append(env,
		"TIERKIT_QUEUE_JOBS="+*jobs.QueueUrl, "TIERKIT_TOPIC_NEWS="+*news.TopicArn, "TIERKIT_BLOB_PHOTOS="+bucket,
		"TIERKIT_SECRET_STRIPE="+m.secret(t, "stripe", "sk_live")), "-data", "aws")
	for line := ""; !strings.Contains(line, "data: AWS"); line = p.until(t, "") {
		if strings.Contains(line, "has no") && !strings.Contains(line, "has no driver for AWS") || strings.Contains(line, "buckets on") {
			t.Errorf("of data in AWS nothing is to be said but what has no driver: %s", line)
		}
	}
	for _, step := range []struct{ name, method, path, body, want string }{
		{"secret", "GET", "/secret", "", "SK_LIVE"},
		{"queue", "POST", "/jobs/a", `{"text":"x"}`, ""},
		{"topic", "POST", "/news/a", `{"text":"x"}`, ""},
	} {
		var got struct{ Text string }
		status := ask(t, step.method, p.shelf+step.path, step.body, &got)
		if status != 200 || got.Text == "" || step.want != "" && got.Text != step.want {
			t.Errorf("%s: %s %s = %d %+v\n%s", step.name, step.method, step.path, status, got, p.stderr)
		}
	}
	got, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: jobs.QueueUrl})
	if err != nil || len(got.Messages) != 1 || *got.Messages[0].Body != `{"id":"a","text":"x"}` {
		t.Errorf("the queue has %+v, %v", got, err)
	}
	if got := curl(t, "-X", "PUT", "-H", "Content-Type: text/plain", "-d", "pepper", p.signed(t, "a", "put").URL); !strings.HasPrefix(got, "200 ") {
		t.Errorf("PUT by a signed URL of S3 = %s", got)
	}
	if got := curl(t, p.signed(t, "a", "get").URL); got != "200 pepper" {
		t.Errorf("GET by a signed URL of S3 = %s", got)
	}
}
