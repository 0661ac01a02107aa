//! The tutorial, docs/your-own-interface.md, followed to the letter: its files are written, its commands run, and what it says they print is compared.
//!
//! A block whose first line is ` ```LANGUAGE PATH ` is a file; one of ` ```console ` has commands behind `$`, and under each the lines that its
//! output has in this order, perhaps with others between them. `../sample`, the clone beside the folder, stands for this repository wherever it is.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const PAGE: &str = include_str!("../../../docs/your-own-interface.md");

/// The folder that the commands make, and in it what stays from run to run: what cargo has built.
const PROJECT: &str = "counter";
const BUILT: &str = "target";

#[test]
fn the_tutorial_is_true() -> Result<()> {
    let mut desk = Desk::clear(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("tutorial"))?;
    let root = fs::canonicalize(ROOT)?;
    let root = root
        .to_str()
        .context("the repository lies in a folder of another name than UTF-8")?;
    let page = PAGE
        .replace("../../sample/", "../sample/")
        .replace("../sample/", &format!("{root}/"));
    let blocks = blocks(&page);
    let commands = blocks.iter().filter(|block| block.is_console()).count();
    ensure!(
        commands > 3,
        "the page has {commands} blocks of commands; are they still marked so?"
    );
    for block in &blocks {
        match block.file {
            Some(file) => desk.write(file, &block.text)?,
            None if block.is_console() => desk.run_all(&block.text)?,
            None => {}
        }
    }
    Ok(())
}

/// A fenced block of the page.
struct Block<'a> {
    language: &'a str,
    file: Option<&'a str>,
    text: String,
}

impl Block<'_> {
    fn is_console(&self) -> bool {
        self.language == "console"
    }
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(information) = line.strip_prefix("```") {
            let (language, file) = information
                .split_once(' ')
                .map_or((information, None), |(language, file)| (language, Some(file)));
            let body = lines.by_ref().take_while(|line| *line != "```");
            let text = body.fold(String::new(), |text, line| text + line + "\n");
            blocks.push(Block { language, file, text });
        }
    }
    blocks
}

/// Where the reader sits: a folder with the clone in it, and the folder that the commands run in.
struct Desk {
    folder: PathBuf,
    current: PathBuf,
}

impl Desk {
    /// An empty folder, but for the clone and what cargo built the last time.
    fn clear(folder: &Path) -> Result<Self> {
        let (project, kept) = (folder.join(PROJECT), folder.join("kept"));
        if project.join(BUILT).exists() {
            let _ = fs::remove_dir_all(&kept);
            fs::rename(project.join(BUILT), &kept)?;
            // What the page has built must come from this run.
            let _ = fs::remove_dir_all(kept.join("drivers"));
        }
        let _ = fs::remove_dir_all(&project);
        fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            current: folder.to_owned(),
        })
    }

    fn write(&self, file: &str, text: &str) -> Result<()> {
        let path = self.current.join(file);
        fs::create_dir_all(path.parent().context("a file has a folder")?)?;
        fs::write(&path, text).with_context(|| format!("cannot write {file}"))
    }

    /// Runs the commands of a block.
    fn run_all(&mut self, block: &str) -> Result<()> {
        let mut lines = block.lines().peekable();
        while let Some(line) = lines.next() {
            let command = line
                .strip_prefix("$ ")
                .with_context(|| format!("`{line}` belongs to no command"))?;
            let mut expected = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
                expected.push(line);
            }
            self.run(command, &expected)
                .with_context(|| format!("`{command}`"))?;
        }
        Ok(())
    }

    fn run(&mut self, command: &str, expected: &[&str]) -> Result<()> {
        if let Some(folder) = command.strip_prefix("cd ") {
            self.current.push(folder);
            let kept = self.folder.join("kept");
            if kept.exists() {
                fs::rename(kept, self.current.join(BUILT))?;
            }
            return Ok(());
        }
        let ended = Command::new("bash")
            .args(["-euc", command])
            .current_dir(&self.current)
            // The order in which `ls` prints names.
            .env("LC_ALL", "C")
            .output()?;
        let output = String::from_utf8_lossy(&ended.stdout);
        let errors = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success(), "{}\n{output}\n{errors}", ended.status);
        let mut rest = &*output;
        for line in expected {
            let (_, after) = rest
                .split_once(line)
                .with_context(|| format!("`{line}` does not follow in\n{output}\n{errors}"))?;
            rest = after;
        }
        Ok(())
    }
}
