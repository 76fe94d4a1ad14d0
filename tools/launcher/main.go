// The launcher is the file `kadm` that users copy to a host: it holds Node, the three libraries that a bare host lacks and kadm's program, lays them out
// at the first start and becomes Node at each. It is Go because a static Go program needs nothing of the host, not even its libc.
package main

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// payload: index.json and the pieces of all files, each piece compressed by itself so that all processors unpack.
//
//go:embed payload
var payload embed.FS

// hash names the payload's content; the linker sets it (-X main.hash=...).
var hash = "unset"

type indexedFile struct {
	Path   string   `json:"path"`
	Mode   uint32   `json:"mode"`
	Size   int64    `json:"size"`
	Pieces []string `json:"pieces"`
}

type index struct {
	// Bytes that each piece but the last of a file unpacks to.
	PieceSize int64         `json:"pieceSize"`
	Files     []indexedFile `json:"files"`
}

func main() {
	folder, err := ensureExtracted()
	if err == nil {
		err = becomeNode(folder)
	}
	fmt.Fprintf(os.Stderr, "error: kadm cannot start: %v\n", err)
	os.Exit(1)
}

// becomeNode replaces this process; it returns only when that fails. Node finds its libraries by its own run path ($ORIGIN/lib), so the environment
// holds nothing that programs started by kadm would inherit, but for the name by which kadm can start itself.
func becomeNode(folder string) error {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0] // no /proc; what the caller wrote is the next best
	}
	environment := []string{"KADM_EXECUTABLE=" + self}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "KADM_EXECUTABLE=") {
			environment = append(environment, entry)
		}
	}
	node := filepath.Join(folder, "node")
	argv := append([]string{"kadm", filepath.Join(folder, "start.mjs")}, os.Args[1:]...)
	if err := syscall.Exec(node, argv, environment); err != nil {
		return fmt.Errorf("%s: %w (it needs glibc 2.28 or later)", node, err)
	}
	return nil
}

// ensureExtracted returns the folder of the payload: the machine's, which only root makes and all users share, else the caller's own.
func ensureExtracted() (string, error) {
	shared := filepath.Join("/var/cache/kadm", hash)
	if os.Geteuid() == 0 {
		return shared, extractTo(shared)
	}
	if trusted(shared) == nil {
		return shared, nil
	}
	cache, err := os.UserCacheDir() // $XDG_CACHE_HOME, else $HOME/.cache
	if err != nil {
		return "", err
	}
	own := filepath.Join(cache, "kadm", "program", hash)
	return own, extractTo(own)
}

func extractTo(folder string) error {
	err := trusted(folder)
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(folder)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	if err := trusted(parent); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(parent, ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	if err := unpack(fresh); err != nil {
		return fmt.Errorf("unpacking to %s: %w", fresh, err)
	}
	if err := os.Chmod(fresh, 0o755); err != nil {
		return err
	}
	if err := os.Rename(fresh, folder); err != nil && trusted(folder) != nil {
		return err // else another kadm was quicker, and its folder is as good
	}
	return nil
}

// trusted refuses a folder whose content someone else could have chosen: root would run it.
func trusted(folder string) error {
	info, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || info.Mode().Perm()&0o022 != 0 || (stat.Uid != 0 && int(stat.Uid) != os.Geteuid()) {
		return fmt.Errorf("%s is not a folder that only root or you can write to\ntry: rm -r %s", folder, folder)
	}
	return nil
}

func unpack(into string) error {
	var all index
	raw, err := payload.ReadFile("payload/index.json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	work := make(chan func() error)
	failures := make(chan error, runtime.NumCPU())
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			var failed error
			for job := range work {
				if failed == nil {
					failed = job()
				}
			}
			failures <- failed
		})
	}
	err = queue(all, into, work)
	close(work)
	workers.Wait()
	close(failures)
	for failure := range failures {
		err = errors.Join(err, failure)
	}
	return err
}

// queue makes the files at their full size and sends one job for each piece.
func queue(all index, into string, work chan<- func() error) error {
	for _, file := range all.Files {
		target := filepath.Join(into, file.Path)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, nil, 0o600); err != nil {
			return err
		}
		if err := errors.Join(os.Truncate(target, file.Size), os.Chmod(target, os.FileMode(file.Mode))); err != nil {
			return err
		}
		for number, piece := range file.Pieces {
			work <- func() error { return unpackPiece(target, int64(number)*all.PieceSize, piece) }
		}
	}
	return nil
}

func unpackPiece(target string, offset int64, piece string) error {
	packed, err := payload.ReadFile("payload/" + piece)
	if err != nil {
		return err
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	file, err := os.OpenFile(target, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.NewOffsetWriter(file, offset), reader)
	return errors.Join(err, file.Close())
}
