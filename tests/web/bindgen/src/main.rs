//! This tool does the same as `wasm-bindgen --target web`. Reads a compiled WebAssembly program. Writes a JavaScript
//! module, and the WebAssembly program that the module loads. Usage: `bindgen PROGRAM FOLDER`.

use std::env;

use wasm_bindgen_cli_support::Bindgen;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [program, folder] = &arguments[..] else { panic!("usage: bindgen PROGRAM FOLDER") };
    let mut bindgen = Bindgen::new();
    bindgen
        .web(true)
        .unwrap()
        .typescript(false)
        .omit_default_module_path(false)
        .input_path(program)
        .generate(folder)
        .unwrap();
}
